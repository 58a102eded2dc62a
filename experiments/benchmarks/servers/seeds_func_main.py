"""A model for Hydrosphere's sample service: a function of messages, as its examples have them."""

import os

import models
import numpy as np

import hydro_serving_grpc as hs

answer = models.load(
    os.environ["BENCH_MODEL"], os.environ["BENCH_FOLDER"], os.environ["BENCH_FRAMEWORK"]
)


def predict(x):
    """Answer one request in the encoding that it came in."""
    shape = [dim.size for dim in x.tensor_shape.dim]
    if x.tensor_content:
        array = np.frombuffer(x.tensor_content, np.float32).reshape(shape)
    else:
        array = np.array(list(x.float_val), np.float32).reshape(shape)
    y = answer(array)
    sizes = [hs.TensorShapeProto.Dim(size=size) for size in y.shape]
    tensor = hs.TensorProto(tensor_shape=hs.TensorShapeProto(dim=sizes))
    if y.dtype.kind == "i":
        tensor.dtype = hs.DT_INT64
        tensor.int64_val.extend(y.ravel().tolist())
    elif x.tensor_content:
        tensor.dtype = hs.DT_FLOAT
        tensor.tensor_content = y.tobytes()
    else:
        tensor.dtype = hs.DT_FLOAT
        tensor.float_val.extend(y.ravel().tolist())
    return hs.PredictResponse(outputs={"y": tensor})
