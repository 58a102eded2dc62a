"""Requests, replies and the stub under the flat names of 2.x: `hs.tf.api.PredictRequest`."""

# ruff: noqa: F403 – the names are those of the published package, whatever the protos define

from hydro_serving_grpc.tf.api.model_pb2 import *
from hydro_serving_grpc.tf.api.predict_pb2 import *
from hydro_serving_grpc.tf.api.prediction_service_pb2 import *
from hydro_serving_grpc.tf.api.prediction_service_pb2_grpc import *
