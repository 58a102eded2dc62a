"""Answer gRPC's health checks, and Hydrosphere's Status, from the state of the service."""

from typing import AsyncGenerator, AsyncIterator

from google.protobuf.message import DecodeError

from hydro_serving_grpc.messages import message_class
from serving_runtime import operations
from serving_runtime.errors import InvalidInput, ServingError, Status
from serving_runtime.server.grpc.status import failed
from serving_runtime.server.health import Health, Question
from serving_runtime.server.transport import Reply

# What a probe may ask for. The server as a whole (the empty name) and each service that calls the
# model: all are ready or none is. And the questions beside readiness, by their names.
SERVICES = ("", *sorted({row.grpc_service for row in operations.FORWARDED if row.grpc_method}))
QUESTIONS = {
    **dict.fromkeys(SERVICES, Question.READINESS),
    **{it.value: it for it in (Question.LIVENESS, Question.CONTAINER)},
}

_HealthRequest = message_class("grpc.health.v1.HealthCheckRequest")
_HealthResponse = message_class("grpc.health.v1.HealthCheckResponse")
_StatusResponse = message_class("tensorflow.serving.StatusResponse")


class HealthService:
    """The operations of health, in the messages of gRPC's protocol and of Hydrosphere."""

    def __init__(self, health: Health) -> None:
        self._health = health

    def check(self, payload: bytes) -> Reply:
        """Answer ``grpc.health.v1.Health/Check``."""
        try:
            service = _service(payload)
        except ServingError as error:
            return failed(error)
        if service not in QUESTIONS:
            return Reply(Status.NOT_FOUND, _unknown(service), b"")
        return Reply(Status.OK, "", self._response(service))

    async def watch(self, requests: AsyncIterator[bytes]) -> AsyncGenerator[bytes, None]:
        """Answer ``grpc.health.v1.Health/Watch``: the status now, and each change of it."""
        async for payload in requests:
            service = _service(payload)
            break
        else:
            return
        last = b""
        with self._health.watching() as changes:
            while self._health.is_watchable:
                response = self._response(service)
                if response != last:
                    yield response
                last = response
                await changes.get()

    def status(self, payload: bytes) -> Reply:
        """Answer Hydrosphere's ``PredictionService/Status``."""
        reason = self._health.why_not_ready
        if reason:
            response = _StatusResponse(status="NOT_SERVING", message=reason)
        else:
            response = _StatusResponse(status="SERVING", message=self._health.status_message)
        return Reply(Status.OK, "", response.SerializeToString())

    def _response(self, service: str) -> bytes:
        question = QUESTIONS.get(service)
        if question is None:
            # The protocol wants Watch to wait for the service to appear.
            status = "SERVICE_UNKNOWN"
        else:
            status = "SERVING" if self._health.answer(question) else "NOT_SERVING"
        return bytes(_HealthResponse(status=status).SerializeToString())


def _unknown(service: str) -> str:
    names = ", ".join(name for name in QUESTIONS if name)
    return f'there is no service "{service}" here: expected no name, or one of {names}'


def _service(payload: bytes) -> str:
    try:
        return str(_HealthRequest.FromString(payload).service)
    except (DecodeError, ValueError) as error:  # older protobuf: a name that is not UTF-8
        raise InvalidInput(f"not a HealthCheckRequest: {error}") from None
