"""Imports TensorFlow, its serving stubs and our messages in the order given, and uses all."""

import gc
import importlib
import sys

MODULES = sys.argv[1:]

for module in MODULES:
    importlib.import_module(module)
    gc.collect()

import tensorflow as tf  # noqa: E402
from tensorflow_serving.apis import predict_pb2, prediction_service_pb2_grpc  # noqa: E402

import hydro_serving_grpc as hs  # noqa: E402  the order above is what is tested

theirs = predict_pb2.PredictRequest()
theirs.model_spec.signature_name = "infer"
theirs.inputs["x"].CopyFrom(tf.make_tensor_proto([1.5, 2.5]))
for _ in range(3):
    gc.collect()
    ours = hs.PredictRequest.FromString(theirs.SerializeToString())
    assert ours.model_spec.signature_name == "infer"
    again = predict_pb2.PredictRequest.FromString(ours.SerializeToString())
    assert again == theirs
    assert tf.make_ndarray(again.inputs["x"]).tolist() == [1.5, 2.5]
assert prediction_service_pb2_grpc.PredictionServiceStub is not hs.PredictionServiceStub
print("fine")
