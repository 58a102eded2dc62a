"""A model as Hydrosphere 3.x's examples write them: arrays in, arrays or tensors out."""

import sys

from hydro_serving_grpc.serving.contract.tensor_pb2 import Tensor, TensorShape
from hydro_serving_grpc.serving.contract.types_pb2 import DT_DOUBLE


def infer(x, count, mode, **more):
    """Scale the values, or do what the mode says."""
    if mode == "raise":
        raise RuntimeError("no such mode", mode)
    if mode == "exit":
        sys.exit(("over", 3))
    if mode == "text":
        return "scaled"
    scaled = x * count
    total = Tensor(dtype=DT_DOUBLE, double_val=[scaled.sum()], tensor_shape=TensorShape(dims=[]))
    return {"y": scaled, "total": total, "mode": mode, **more}
