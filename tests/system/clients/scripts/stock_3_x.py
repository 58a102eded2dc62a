"""Calls a service as clients of Hydrosphere 3.x do: with hydro-serving-grpc, and with hydrosdk.

hydrosdk sends its tensors to the gateway, which hands them on as they are: the one class that calls
it is replaced here by one that calls the runtime, and all else is hydrosdk's own.
"""

import json
import pathlib
import sys

import grpc
import numpy as np
from hydrosdk.data.types import PredictorDT
from hydrosdk.predictor import PredictImplementation, PredictServiceClient

from hydro_serving_grpc.serving.contract.signature_pb2 import ModelSignature
from hydro_serving_grpc.serving.contract.tensor_pb2 import MapTensorData, Tensor, TensorShape
from hydro_serving_grpc.serving.contract.types_pb2 import (
    DT_ANY,
    DT_DOUBLE,
    DT_FLOAT,
    DT_INT64,
    DT_MAP,
    DT_STRING,
    DT_UINT8,
)
from hydro_serving_grpc.serving.runtime.api_pb2 import PredictRequest, PredictResponse
from hydro_serving_grpc.serving.runtime.api_pb2_grpc import PredictionServiceStub

SECONDS = 10
RAW = np.array([1.5, 2.5], np.float32).tobytes()


def shape(*sizes):
    """Return a shape; a scalar's is empty."""
    return TensorShape(dims=sizes)


def whole(value):
    """Return a scalar of int64."""
    return Tensor(dtype=DT_INT64, tensor_shape=shape(), int64_val=[value])


def request(mode=b"fine", **changed):
    """Return a request to the model of the tests, with inputs changed."""
    inputs = {
        "x": Tensor(dtype=DT_FLOAT, tensor_shape=shape(2), float_val=[1.5, 2.5]),
        "count": Tensor(dtype=DT_UINT8, int_val=[200]),
        "mode": Tensor(dtype=DT_STRING, string_val=[mode]),
        "anything": whole(7),
    }
    inputs.update(changed)
    return PredictRequest(inputs={name: it for name, it in inputs.items() if it is not None})


def expected(**changed):
    """Return the reply to every good request."""
    outputs = {
        "y": Tensor(dtype=DT_FLOAT, tensor_shape=shape(2), float_val=[300.0, 500.0]),
        "total": Tensor(dtype=DT_DOUBLE, tensor_shape=shape(), double_val=[800.0]),
        "mode": Tensor(dtype=DT_STRING, tensor_shape=shape(), string_val=[b"fine"]),
        "anything": whole(7),
    }
    outputs.update(changed)
    return PredictResponse(outputs=outputs)


def told(stub, message, reply=None):
    """Call, and say what came: whether it equals what is expected, or the refusal."""
    wanted = reply or expected()
    try:
        got = stub.Predict(message, timeout=SECONDS)
    except grpc.RpcError as error:
        return [error.code().name, error.details()]
    total = got.outputs["total"]
    return {
        "equal": got == wanted,
        "same bytes": canonical(got) == canonical(wanted),
        "scalar has a shape": total.HasField("tensor_shape") and not total.tensor_shape.dims,
    }


def canonical(message):
    """Return bytes that unknown fields would change."""
    return message.SerializeToString(deterministic=True)


def raw_reply():
    """Return the reply to a request whose numbers are all raw."""
    return expected(
        y=Tensor(
            dtype=DT_FLOAT,
            tensor_shape=shape(2),
            binary_val=np.array([300, 500], np.float32).tobytes(),
        ),
        total=Tensor(dtype=DT_DOUBLE, tensor_shape=shape(), binary_val=np.array([800.0]).tobytes()),
        anything=Tensor(dtype=DT_INT64, tensor_shape=shape(), binary_val=np.array([7]).tobytes()),
    )


def by_messages(stub):
    """Make the calls that hydro-serving-grpc alone can make."""
    doubles = Tensor(dtype=DT_DOUBLE, tensor_shape=shape(2), double_val=[1.5, 2.5])
    free = Tensor(dtype=DT_FLOAT, tensor_shape=shape(-1), float_val=[1.5, 2.5])
    raw = Tensor(dtype=DT_FLOAT, tensor_shape=shape(2), binary_val=RAW)
    entry = MapTensorData(subtensors={"k": whole(3)})
    one = Tensor(dtype=DT_MAP, tensor_shape=shape(), map_val=[entry])
    two = Tensor(dtype=DT_MAP, tensor_shape=shape(2), map_val=[entry, entry])
    return {
        "typed": told(stub, request()),
        "double for float": told(stub, request(x=doubles)),
        "-1 in a shape": told(stub, request(x=free)),
        "unsigned in uint32_val": told(
            stub, request(count=Tensor(dtype=DT_UINT8, uint32_val=[200]))
        ),
        "raw": told(
            stub,
            request(
                x=raw,
                count=Tensor(dtype=DT_UINT8, binary_val=b"\xc8"),
                anything=Tensor(dtype=DT_INT64, binary_val=np.array([7]).tobytes()),
            ),
            raw_reply(),
        ),
        "a map where anything goes": told(stub, request(anything=one), expected(anything=one)),
        "maps where anything goes": told(stub, request(anything=two), expected(anything=two)),
        "any": told(stub, request(anything=Tensor(dtype=DT_ANY, int64_val=[7]))),
        "exception": told(stub, request(b"raise")),
        "exit": told(stub, request(b"exit")),
        "wrong type": told(stub, request(b"text")),
        "missing": told(stub, request(count=None)),
        "extra": told(stub, request(z=whole(1))),
    }


class Runtime(PredictImplementation):
    """Sends data to a runtime."""

    def __init__(self, stub):
        self.stub = stub

    def send_data(self, inputs):
        """Return the reply."""
        return self.stub.Predict(PredictRequest(inputs=inputs), timeout=SECONDS)


def by_sdk(stub, signature):
    """Make the calls that hydrosdk's own conversions make, of each kind of data to each."""
    columns = {"x": np.array([1.5, 2.5]), "count": np.uint8(200), "mode": "fine", "anything": 7}
    lists = dict(columns, x=[1.5, 2.5])
    results = {}
    for kind in PredictorDT:
        client = PredictServiceClient(Runtime(stub), signature, kind)
        for title, data in (("arrays", columns), ("lists", lists)):
            results[f"{title} to {kind.value}"] = plain(client.predict(data))
    return results


def plain(result):
    """Return what hydrosdk made of a reply as lists and numbers."""
    if hasattr(result, "to_dict"):
        return result.to_dict("list")
    return {name: _plain(value) for name, value in result.items()}


def _plain(value):
    value = value.tolist() if hasattr(value, "tolist") else value
    return value.decode() if isinstance(value, bytes) else value


with grpc.insecure_channel(sys.argv[1], options=[("grpc.enable_http_proxy", 0)]) as channel:
    service = PredictionServiceStub(channel)
    promised = ModelSignature.FromString(pathlib.Path(sys.argv[2]).read_bytes())
    # The environment has no grpcio-health-checking: SERVING is 1.
    name = b"hydrosphere.serving.runtime.PredictionService"
    health = channel.unary_unary("/grpc.health.v1.Health/Check")(
        b"\x0a" + bytes([len(name)]) + name, timeout=SECONDS
    )
    calls = dict(by_messages(service), health=health.hex(), sdk=by_sdk(service, promised))
    print(json.dumps(calls, default=_plain))
