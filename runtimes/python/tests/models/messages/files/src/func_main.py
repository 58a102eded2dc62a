"""Takes and returns messages, as functions for Hydrosphere's own runtime do."""

import numpy as np

import hydro_serving_grpc as hs


def infer(x: hs.TensorProto, label: hs.TensorProto) -> hs.PredictResponse:
    """Sum each row of typed values."""
    rows = np.array(x.float_val).reshape([dim.size for dim in x.tensor_shape.dim])
    shape = hs.TensorShapeProto(dim=[hs.TensorShapeProto.Dim(size=len(rows))])
    y = hs.TensorProto(double_val=rows.sum(axis=1), dtype=hs.DT_DOUBLE, tensor_shape=shape)
    return hs.PredictResponse(outputs={"y": y, "label": label})


def nested(m):
    """Return the map that came."""
    return hs.PredictResponse(outputs={"m": m})


def repeated(x):
    """Return one value for a whole tensor, as TensorFlow's tools write constants."""
    shape = hs.TensorShapeProto(dim=[hs.TensorShapeProto.Dim(size=4)])
    y = hs.TensorProto(dtype=hs.DT_INT32, tensor_shape=shape, int_val=x.int_val)
    return hs.PredictResponse(outputs={"y": y})


def raises(x: hs.TensorProto):
    """Raise."""
    raise ValueError("no such colour", "blue")


def returns_text(x: hs.TensorProto):
    """Return the wrong type."""
    return "y = 3"


def returns_nothing(x: hs.TensorProto):
    """Forget to return."""


def forgets(x):
    """Return no output."""
    return hs.PredictResponse()


def contradicts(x):
    """Declare four values and return five."""
    shape = hs.TensorShapeProto(dim=[hs.TensorShapeProto.Dim(size=4)])
    y = hs.TensorProto(dtype=hs.DT_INT32, tensor_shape=shape, int_val=[1, 2, 3, 4, 5])
    return hs.PredictResponse(outputs={"y": y})
