"""Tell the truth about the service: one phase, and its three forms on the wire."""

import asyncio
import enum
from typing import AsyncIterator, Set

from google.protobuf.message import DecodeError

from hydro_serving_grpc.messages import message_class
from serving_runtime.errors import InvalidInput, ServingError, Status, one_line
from serving_runtime.server.transport import Reply

# The empty name asks for the server as a whole.
SERVICES = ("", "tensorflow.serving.PredictionService")

_HealthRequest = message_class("grpc.health.v1.HealthCheckRequest")
_HealthResponse = message_class("grpc.health.v1.HealthCheckResponse")
_StatusResponse = message_class("tensorflow.serving.StatusResponse")


class Phase(enum.Enum):
    """Where the service is in its life; only SERVING is healthy. The value is what is told."""

    LOADING = "the model is loading"
    SERVING = "serving"
    NO_WORKER = "no worker: the model was serving, but its replacement cannot be loaded"
    DRAINING = "the service is shutting down"


class Health:
    """The phase of the service, and who watches it."""

    def __init__(self) -> None:
        self._phase = Phase.LOADING
        # What Status says while serving; runtimes differ in it.
        self.status_message = "ok"
        self._takes_calls = False
        self._is_over = False
        self._watchers: Set[asyncio.Queue[None]] = set()

    @property
    def phase(self) -> Phase:
        """The phase now."""
        return self._phase

    @property
    def is_serving(self) -> bool:
        """Whether calls are answered and will be."""
        return self._phase is Phase.SERVING

    @property
    def takes_calls(self) -> bool:
        """Whether there is a model to call: also while draining, if it was serving before."""
        return self._takes_calls

    def enter(self, phase: Phase) -> None:
        """Change the phase; DRAINING is the last one."""
        if self._phase in (phase, Phase.DRAINING):
            return
        self._takes_calls = phase is Phase.SERVING or (self.is_serving and phase is Phase.DRAINING)
        self._phase = phase
        self._wake_watchers()

    def end_watches(self) -> None:
        """End every Watch: its open stream would keep its connection, and with it the drain."""
        self._is_over = True
        self._wake_watchers()

    def check(self, payload: bytes) -> Reply:
        """Answer ``grpc.health.v1.Health/Check``."""
        try:
            service = _service(payload)
        except ServingError as error:
            return Reply(error.status, one_line(str(error)), b"")
        if service not in SERVICES:
            details = one_line(f'there is no service "{service}" here')
            return Reply(Status.NOT_FOUND, details, b"")
        return Reply(Status.OK, "", self._health_response(service))

    async def watch(self, requests: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """Answer ``grpc.health.v1.Health/Watch``: the status now, and each change of it."""
        async for payload in requests:
            service = _service(payload)
            break
        else:
            return
        changes: asyncio.Queue[None] = asyncio.Queue()
        self._watchers.add(changes)
        try:
            last = b""
            while not self._is_over:
                told = self._health_response(service)
                if told != last:
                    yield told
                last = told
                await changes.get()
        finally:
            self._watchers.discard(changes)

    def status(self, payload: bytes) -> Reply:
        """Answer Hydrosphere's ``PredictionService/Status``."""
        if self.is_serving:
            response = _StatusResponse(status="SERVING", message=self.status_message)
        else:
            response = _StatusResponse(status="NOT_SERVING", message=self._phase.value)
        return Reply(Status.OK, "", response.SerializeToString())

    def _wake_watchers(self) -> None:
        for watcher in self._watchers:
            watcher.put_nowait(None)

    def _health_response(self, service: str) -> bytes:
        if service not in SERVICES:
            # The protocol wants Watch to wait for the service to appear.
            told = "SERVICE_UNKNOWN"
        else:
            told = "SERVING" if self.is_serving else "NOT_SERVING"
        return bytes(_HealthResponse(status=told).SerializeToString())


def _service(payload: bytes) -> str:
    try:
        return str(_HealthRequest.FromString(payload).service)
    except (DecodeError, ValueError) as error:  # older protobuf: a name that is not UTF-8
        raise InvalidInput(f"not a HealthCheckRequest: {error}") from None
