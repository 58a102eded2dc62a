"""What the scripts for every generation of Hydrosphere's published package share.

They run in that package's own environment and use nothing of this repository. Message modules have
had the same paths from 0.1 to 2.4.
"""

import json
import sys

import grpc

from hydro_serving_grpc.tf.api.model_pb2 import ModelSpec
from hydro_serving_grpc.tf.api.predict_pb2 import PredictRequest, PredictResponse
from hydro_serving_grpc.tf.api.prediction_service_pb2_grpc import PredictionServiceStub
from hydro_serving_grpc.tf.tensor_pb2 import TensorProto
from hydro_serving_grpc.tf.tensor_shape_pb2 import TensorShapeProto
from hydro_serving_grpc.tf.types_pb2 import DT_DOUBLE, DT_FLOAT, DT_STRING, DT_UINT8

SECONDS = 10


def shape(*sizes):
    """Return a shape; a scalar's is empty."""
    return TensorShapeProto(dim=[TensorShapeProto.Dim(size=size) for size in sizes])


def floats(*values):
    """Return a list of float32."""
    return TensorProto(dtype=DT_FLOAT, tensor_shape=shape(len(values)), float_val=values)


def scalar(dtype, **values):
    """Return a scalar whose shape is left out, as many clients do."""
    return TensorProto(dtype=dtype, **values)


def request(mode=b"fine", signature="infer", **changed):
    """Return a request to the model of the tests, with inputs changed."""
    inputs = {
        "x": floats(1.5, 2.5),
        "count": scalar(DT_UINT8, uint32_val=[200]),
        "mode": scalar(DT_STRING, string_val=[mode]),
    }
    inputs.update(changed)
    spec = ModelSpec(name="not-this-model", signature_name=signature)
    spec.version.value = 42
    return PredictRequest(model_spec=spec, inputs=inputs)


def expected():
    """Return the reply to every good request."""
    return PredictResponse(
        outputs={
            "y": TensorProto(dtype=DT_FLOAT, tensor_shape=shape(2), float_val=[300.0, 500.0]),
            "total": TensorProto(dtype=DT_DOUBLE, tensor_shape=shape(), double_val=[800.0]),
            "mode": TensorProto(dtype=DT_STRING, tensor_shape=shape(), string_val=[b"fine"]),
        }
    )


def told(stub, message):
    """Call, and say what came: whether it equals what is expected, or the refusal."""
    try:
        reply = stub.Predict(message, timeout=SECONDS)
    except grpc.RpcError as error:
        return [error.code().name, error.details()]
    total = reply.outputs["total"]
    return {
        "equal": reply == expected(),
        "same bytes": canonical(reply) == canonical(expected()),
        "scalar has a shape": total.HasField("tensor_shape") and not total.tensor_shape.dim,
    }


def canonical(message):
    """Return bytes that unknown fields would change."""
    return message.SerializeToString(deterministic=True)


def predict_all(stub):
    """Make the calls that every generation can make."""
    doubles = TensorProto(dtype=DT_DOUBLE, tensor_shape=shape(2), double_val=[1.5, 2.5])
    return {
        "typed": told(stub, request()),
        "double for float": told(stub, request(x=doubles)),
        "-1 in a shape": told(
            stub,
            request(x=TensorProto(dtype=DT_FLOAT, tensor_shape=shape(-1), float_val=[1.5, 2.5])),
        ),
        "unsigned in int_val": told(stub, request(count=scalar(DT_UINT8, int_val=[200]))),
        "no signature": told(stub, request(signature="")),
        "unknown signature": told(stub, request(signature="infre")),
        "exception": told(stub, request(b"raise")),
        "repr": ["INTERNAL", repr(ValueError("no such mode", "raise"))],
        "exit": told(stub, request(b"exit")),
        "wrong type": told(stub, request(b"text")),
        "extra": told(stub, request(z=floats(1.0))),
    }


def run(calls):
    """Print, as JSON, what ``calls`` got from the address on the command line."""
    with grpc.insecure_channel(sys.argv[1], options=[("grpc.enable_http_proxy", 0)]) as channel:
        stub = PredictionServiceStub(channel)
        print(json.dumps(calls(stub, channel)))
