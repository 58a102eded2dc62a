"""Tensors under the flat names of 2.x: `hs.tf.TensorProto`."""

# ruff: noqa: F403 – the names are those of the published package, whatever the protos define

from hydro_serving_grpc.tf.tensor_pb2 import *
from hydro_serving_grpc.tf.tensor_shape_pb2 import *
from hydro_serving_grpc.tf.types_pb2 import *
