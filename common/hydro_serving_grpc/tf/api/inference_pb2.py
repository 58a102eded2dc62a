"""Hands out what hydro_serving_grpc/tf/api/inference.proto defines."""

from hydro_serving_grpc import _pool

globals().update(_pool.module_contents(__name__))
