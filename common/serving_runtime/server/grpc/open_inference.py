"""Answer what Open Inference asks of the front: is it alive, is it ready, and what is it."""

from typing import Any

from google.protobuf.message import DecodeError

import serving_runtime
from hydro_serving_grpc.messages import message_class
from serving_runtime.errors import InvalidInput, ServingError, Status
from serving_runtime.server.about import EXTENSIONS, SERVER_NAME
from serving_runtime.server.grpc.status import failed
from serving_runtime.server.health import Health, Question
from serving_runtime.server.transport import Reply

_ServerLive = message_class("inference.ServerLiveResponse")
_ServerReady = message_class("inference.ServerReadyResponse")
_ModelReadyRequest = message_class("inference.ModelReadyRequest")
_ModelReady = message_class("inference.ModelReadyResponse")
_ServerMetadata = message_class("inference.ServerMetadataResponse")
_StreamResponse = message_class("inference.ModelStreamInferResponse")

# How ModelInferRequest begins, in whatever language: the strings model_name, model_version and id,
# where they are not empty. Tag and number of the field.
_ID = 3
_FIRST_FIELDS = {0x0A: 1, 0x12: 2, 0x1A: _ID}


class OpenInferenceService:
    """The operations of Open Inference that need neither a worker nor the contract."""

    def __init__(self, health: Health) -> None:
        self._health = health

    def server_live(self, payload: bytes) -> Reply:
        """Answer ``ServerLive``: liveness, as gRPC's health service has it."""
        return _reply(_ServerLive(live=self._health.answer(Question.LIVENESS)))

    def server_ready(self, payload: bytes) -> Reply:
        """Answer ``ServerReady``: readiness."""
        return _reply(_ServerReady(ready=self._health.is_serving))

    def model_ready(self, payload: bytes) -> Reply:
        """Answer ``ModelReady``: readiness, of the one model that there is.

        Which names it has is not known before it has loaded: until then none is ready.
        """
        try:
            request = _ModelReadyRequest.FromString(payload)
        except (DecodeError, ValueError) as error:  # older protobuf: a name that is not UTF-8
            return failed(InvalidInput(f"not a ModelReadyRequest: {error}"))
        if self._health.model_names is None:
            return _reply(_ModelReady(ready=False))
        try:
            self._health.model_names.check(request.name, request.version)
        except ServingError as error:
            return failed(error)
        return _reply(_ModelReady(ready=self._health.is_serving))

    def server_metadata(self, payload: bytes) -> Reply:
        """Answer ``ServerMetadata``."""
        version = serving_runtime.__version__
        return _reply(_ServerMetadata(name=SERVER_NAME, version=version, extensions=EXTENSIONS))


def stream_failure(reply: Reply, request: bytes) -> bytes:
    """Return the message of a stream that reports a failure of the front's own.

    Args:
        reply: has its details.
        request: the ModelInferRequest that failed; its id comes back beside the error.
    """
    response = _StreamResponse(error_message=reply.details)
    request_id = _id_of(request)
    if request_id:
        response.infer_response.id = request_id
    return bytes(response.SerializeToString())


def _reply(message: Any) -> Reply:
    return Reply(Status.OK, "", message.SerializeToString())


def _id_of(request: bytes) -> str:
    """Return the id of a ModelInferRequest, empty where it has none.

    All else stays unread: the front parses no request, and this one may be large, or none at all.
    Every library writes fields in the order of their numbers, so the id is among the first.
    """
    place, last = 0, 0
    while place < len(request):
        number = _FIRST_FIELDS.get(request[place], 0)
        if number <= last:
            return ""
        size, place = _read_varint(request, place + 1)
        if number == _ID:
            return _text(request[place : place + size], size)
        last, place = number, place + size
    return ""


def _text(value: bytes, size: int) -> str:
    """Return a whole string; an empty one for what is cut short, or is no UTF-8."""
    try:
        return value.decode() if len(value) == size else ""
    except UnicodeDecodeError:
        return ""


def _read_varint(data: bytes, place: int) -> "tuple[int, int]":
    """Return a varint and the place behind it; what is none leads behind the end."""
    value = 0
    for shift in range(0, 64, 7):
        if place >= len(data):
            break
        byte = data[place]
        value |= (byte & 0x7F) << shift
        place += 1
        if byte < 0x80:
            return value, place
    return 0, len(data)
