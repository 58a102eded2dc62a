"""Calls the identity model with TensorFlow Serving's stubs and TensorFlow's own tensors."""

import json
import sys

import grpc
import numpy as np
import tensorflow as tf
from tensorflow_serving.apis import predict_pb2, prediction_service_pb2_grpc

INF, NAN = float("inf"), float("nan")
ARRAYS = {
    "bool": [True, False],
    "int8": [-128, 127],
    "int16": [-(2**15), 2**15 - 1],
    "int32": [-(2**31), 2**31 - 1],
    "int64": [-(2**63), 2**63 - 1],
    "uint8": [0, 255],
    "uint16": [0, 2**16 - 1],
    "uint32": [0, 2**32 - 1],
    "uint64": [0, 2**64 - 1],
    "float16": [1.5, -INF, 6e-8, NAN],
    "bfloat16": [1.5, -INF, 1e-40, NAN],
    "float32": [-0.0, 1e-45, INF, NAN],
    "float64": [-0.0, 5e-324, 1e300, NAN],
    "complex64": [1 + 2j, complex(INF, -0.0)],
    "complex128": [1 + 2j, complex(NAN, 1e300)],
    "string": [b"a\0\0", "größer 雪".encode()],
}


def array_of(dtype, values):
    """Return the values as NumPy's array of TensorFlow's dtype."""
    numpy_dtype = object if dtype == "string" else tf.as_dtype(dtype).as_numpy_dtype
    return np.array(values, numpy_dtype)


def cases():
    """Yield a dtype, an array and what the array is."""
    for dtype, values in ARRAYS.items():
        array = array_of(dtype, values)
        yield dtype, "list", array
        yield dtype, "matrix", array.reshape(-1, 1)
        yield dtype, "scalar", array[:1].reshape(())
        yield dtype, "repeated", np.full((3, 2), array[1], array.dtype)
        yield dtype, "one", array[:1]
        if dtype != "string":
            yield dtype, "empty", array[:0]


def call(stub, dtype, array):
    """Return what comes back of an array."""
    request = predict_pb2.PredictRequest()
    request.model_spec.name = "identity"
    request.model_spec.signature_name = "identity_" + dtype
    request.inputs["x"].CopyFrom(tf.make_tensor_proto(array, dtype=tf.as_dtype(dtype)))
    reply = stub.Predict(request, timeout=10)
    return reply.outputs["y"]


def is_same(sent, received):
    """Compare to the last bit, with dtype and shape."""
    sent = np.asarray(sent)
    same_form = (sent.dtype, sent.shape) == (received.dtype, received.shape)
    if sent.dtype == object:
        return same_form and sent.tolist() == received.tolist()
    return same_form and sent.tobytes() == received.tobytes()


def main():
    """Print the cases that did not come back, and how many there were."""
    options = [("grpc.enable_http_proxy", 0)]
    with grpc.insecure_channel(sys.argv[1], options=options) as channel:
        stub = prediction_service_pb2_grpc.PredictionServiceStub(channel)
        wrong, count = [], 0
        for dtype, form, array in cases():
            proto = call(stub, dtype, array)
            count += 1
            if proto.dtype != tf.as_dtype(dtype).as_datatype_enum:
                wrong.append([dtype, form, proto.dtype])
            if not is_same(array, tf.make_ndarray(proto)):
                wrong.append([dtype, form, str(proto)])
    print(json.dumps({"wrong": wrong, "count": count}))


main()
