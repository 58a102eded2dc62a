"""A model that is being served, as its callers see it: by a connection, or in this process."""

import abc
import time
from typing import List, Mapping, NamedTuple, Optional, Sequence

import grpc

from hydro_serving_grpc.messages import message_class
from serving_runtime import operations
from serving_runtime.errors import Status
from serving_runtime.ipc.attributes import EMPTY
from serving_runtime.ipc.frames import CallFrame
from serving_runtime.operations import Operation
from serving_runtime.settings import Settings
from serving_runtime.worker.predictor import Predictor
from tests.support import rest_calls
from tests.support.rest_calls import RestCalls

PREDICT = operations.PREDICT.grpc_method
WATCH = operations.HEALTH_WATCH.grpc_method

START_SECONDS = 90  # an image that nobody has read yet, on a busy machine
CALL_SECONDS = 60

HealthRequest = message_class("grpc.health.v1.HealthCheckRequest")
HealthResponse = message_class("grpc.health.v1.HealthCheckResponse")


class Call(NamedTuple):
    """A request's bytes, what is asked for with them, and whether a new sequence begins with it.

    ``alone``: the signature that must be the only one of the model's contract; empty for any.
    ``attributes``: what a transport's headers say of the payload. ``target``: the model that a path
    names; empty for whatever is served.
    """

    operation: Operation
    payload: bytes
    resets_state: bool = False
    alone: str = ""
    attributes: Mapping[str, str] = EMPTY
    target: str = ""


class Answer(NamedTuple):
    """What a caller gets: a status by name, its details, the reply's bytes and attributes."""

    status: str
    details: str
    payload: bytes
    attributes: Mapping[str, str] = EMPTY


class Service(abc.ABC):
    """A model that is being served.

    ``has_http``: whether it can be called by HTTP.
    """

    has_http = True

    @abc.abstractmethod
    def answer_calls(self, calls: Sequence[Call]) -> List[Answer]:
        """Answer calls that arrive together, in their order."""

    def answer_all(self, requests: Sequence[bytes]) -> List[Answer]:
        """Answer requests to Predict that arrive together, in their order."""
        return self.answer_calls([Call(operations.PREDICT, request) for request in requests])

    def answer(self, request: bytes, operation: Operation = operations.PREDICT) -> Answer:
        """Answer one request."""
        return self.answer_calls([Call(operation, request)])[0]


class Loaded(Service):
    """A worker's predictor in this process.

    Args:
        predictor: of the whole contract.
        settings: with which it was loaded.
    """

    def __init__(self, predictor: Predictor, settings: Settings) -> None:
        self._predictors = {"": predictor}
        self._settings = settings

    def answer_calls(self, calls: Sequence[Call]) -> List[Answer]:
        """Answer all calls at once; those that want the same signature alone, or none."""
        deadline = time.monotonic() + CALL_SECONDS
        numbered = [
            CallFrame(
                number, call.operation.key, f"case-{number}", deadline, call.payload,
                resets_state=call.resets_state, attributes=call.attributes, target=call.target,
            )
            for number, call in enumerate(calls)
        ]  # fmt: skip
        [alone] = {call.alone for call in calls}
        replies = {reply.id: reply for reply in self._predictor(alone).answer(numbered)}
        return [
            Answer(Status(reply.status).name, reply.details, bytes(reply.payload), reply.attributes)
            for _, reply in sorted(replies.items())
        ]

    def _predictor(self, alone: str) -> Predictor:
        """Return the predictor of a contract of one signature, or of the whole one."""
        if alone not in self._predictors:
            whole = self._predictors[""]
            signatures = tuple(it for it in whole.contract.signatures if it.name == alone)
            contract = whole.contract._replace(signatures=signatures)
            self._predictors[alone] = Predictor(whole.model, contract, self._settings)
        return self._predictors[alone]


class Connection(Service):
    """A client of whatever serves at an address.

    Args:
        address: of gRPC.
        url: of HTTP; only who sends calls there needs it.
    """

    def __init__(self, address: str, url: str = "") -> None:
        options = [
            ("grpc.enable_http_proxy", 0),
            ("grpc.max_receive_message_length", -1),
            ("grpc.max_send_message_length", -1),
            # A start that is waited for should not be slept through.
            ("grpc.max_reconnect_backoff_ms", 1000),
        ]
        self.address = address
        self.url = url
        self.has_http = bool(url)
        self._rest: Optional[RestCalls] = None
        self.channel = grpc.insecure_channel(address, options=options)

    def answer_calls(self, calls: Sequence[Call]) -> List[Answer]:
        """Send all requests at once."""
        return [_outcome(future) for future in [self._send(call) for call in calls]]

    def close(self) -> None:
        """Close the connection."""
        self.channel.close()
        if self._rest is not None:
            self._rest.close()

    def wait_until_serving(self) -> None:
        """Wait until the service says that it is."""
        watch = self.channel.stream_stream(WATCH)
        replies = watch(
            iter([HealthRequest().SerializeToString()]), timeout=START_SECONDS, wait_for_ready=True
        )
        for payload in replies:
            if HealthResponse.FromString(payload).status == 1:
                break
        replies.cancel()

    def _send(self, call: Call):
        if call.operation.http_routes:
            self._rest = self._rest or RestCalls(self.url, CALL_SECONDS)
            return self._rest.send(call)
        method = self.channel.unary_unary(call.operation.grpc_method)
        metadata = [("x-reset-state", "1")] if call.resets_state else []
        return method.future(call.payload, timeout=CALL_SECONDS, metadata=metadata)


def _outcome(future) -> Answer:
    if not isinstance(future, grpc.Future):
        return Answer(*rest_calls.outcome(future.result()))
    error = future.exception()
    if error is None:
        return Answer("OK", "", future.result())
    return Answer(error.code().name, error.details(), b"")
