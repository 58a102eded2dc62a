"""A model as Hydrosphere's examples write them."""

import sys

import numpy as np

import hydro_serving_grpc as hs


def extract_value(proto):
    """Return the values of a float tensor as an array."""
    return np.array(proto.float_val, dtype=float)


def infer(x, count, mode):
    """Scale the values, or do what the mode says."""
    wanted = mode.string_val[0].decode()
    if wanted == "raise":
        raise ValueError("no such mode", wanted)
    if wanted == "exit":
        sys.exit(("over", 3))
    if wanted == "text":
        return "scaled"
    scaled = extract_value(x) * count.int_val[0]
    y_shape = hs.TensorShapeProto(dim=[hs.TensorShapeProto.Dim(size=-1)])
    y = hs.TensorProto(dtype=hs.DT_FLOAT, float_val=scaled.flatten(), tensor_shape=y_shape)
    total = hs.TensorProto(
        dtype=hs.DT_DOUBLE, double_val=[scaled.sum()], tensor_shape=hs.TensorShapeProto()
    )
    return hs.PredictResponse(outputs={"y": y, "total": total, "mode": mode})
