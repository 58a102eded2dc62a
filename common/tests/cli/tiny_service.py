"""A service without a model, and fixtures that the tests of the client share with the verbs'."""

import os
from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest

from serving_runtime.operations import HEALTH_CHECK, PREDICT, STATUS
from serving_runtime.protocols.tensorflow_serving import protobuf_codec
from serving_runtime.signature import MapArray, Tensor
from serving_runtime.validation.maps import array_of


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch):
    """Hide the settings of the shell that runs the tests."""
    for name in list(os.environ):
        if name.startswith("RUNTIME_") or name in ("APP_PORT", "MODEL_DIR", "MODEL_NAME"):
            monkeypatch.delenv(name)


class TinyService(grpc.GenericRpcHandler):
    """Doubles numbers and echoes everything else, without any model."""

    def __init__(self):
        self.requests = []
        self.metadata = {}  # of the last request
        self.trailing = ()
        self.health = b"\x08\x01"
        self.asked_health = b""  # the last request about it
        self.failure = None
        self.address = self.socket_address = ""

    def service(self, details):
        """Route by the method's full name, as bytes."""
        answers = {
            PREDICT.grpc_method: self._predict,
            HEALTH_CHECK.grpc_method: self._check,
            STATUS.grpc_method: lambda payload: b"\x08\x01\x12\x02ok",
        }
        if details.method not in answers:
            return None

        def answer(payload, context):
            self.metadata = dict(context.invocation_metadata())
            context.set_trailing_metadata(self.trailing)
            if self.failure:
                context.set_trailing_metadata((("x-request-id", "abc123"), *self.trailing))
                context.abort(*self.failure)
            return answers[details.method](payload)

        return grpc.unary_unary_rpc_method_handler(answer)

    def _check(self, payload):
        self.asked_health = payload
        return self.health

    def _predict(self, payload):
        request = protobuf_codec.decode(payload, 2**20)
        self.requests.append(request)
        outputs = {name: doubled(it) for name, it in request.tensors.items()}
        return protobuf_codec.encode(outputs, request.reply_context.as_content)


def doubled(value):
    """Double the numbers of a tensor, or of each tensor of a map."""
    if isinstance(value, MapArray):
        return MapArray(
            array_of([doubled(item) for item in value.array.ravel()], value.array.shape)
        )
    if not isinstance(value, Tensor):
        return {name: doubled(inner) for name, inner in value.items()}
    if value.array.dtype.kind in "Ob":
        return value
    return value._replace(array=(value.array * 2).astype(value.array.dtype))


@pytest.fixture
def service(tmp_path):
    """Run a tiny service on a free port, and on a Unix domain socket."""
    tiny = TinyService()
    with ThreadPoolExecutor(2) as pool:
        server = grpc.server(pool, options=[("grpc.max_receive_message_length", -1)])
        server.add_generic_rpc_handlers((tiny,))
        tiny.address = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
        tiny.socket_address = f"unix:{tmp_path / 'tiny.sock'}"
        server.add_insecure_port(tiny.socket_address)
        server.start()
        yield tiny
        server.stop(None).wait()
