"""Calls the first model of the Python runtime's README with TensorFlow Serving's stubs."""

import json
import sys

import grpc
import numpy as np
import tensorflow as tf
from tensorflow_serving.apis import predict_pb2, prediction_service_pb2_grpc

request = predict_pb2.PredictRequest()
request.model_spec.name = "model"
rows = np.array([[1, 2, 3, 4], [10, 0, 0, 0]], dtype=np.float64)
request.inputs["x"].CopyFrom(tf.make_tensor_proto(rows))
with grpc.insecure_channel(sys.argv[1], options=[("grpc.enable_http_proxy", 0)]) as channel:
    stub = prediction_service_pb2_grpc.PredictionServiceStub(channel)
    y = tf.make_ndarray(stub.Predict(request, timeout=10).outputs["y"])
print(json.dumps({"y": y.tolist(), "as expected": (y.dtype.name, y.shape) == ("float64", (2,))}))
