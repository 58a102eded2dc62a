"""Convert arrays between what common hands over and what TensorFlow takes and gives."""

from typing import Any, Callable, List, Sequence

import numpy as np

from serving_runtime.signature import NUMPY_DTYPES, STRING
from tensorflow_runtime.framework import tf

Convert = Callable[[Any], np.ndarray]
# From the values of some tensors to those of others, in orders agreed on before.
Run = Callable[[Sequence[Any]], List[Any]]

# TensorFlow 1.4 takes bfloat16 for NumPy's uint16, and then refuses to be fed with that.
KNOWS_BFLOAT16 = tf.bfloat16.as_numpy_dtype is not np.uint16


def feeder(dtype: str) -> Convert:
    """Return what makes TensorFlow's array of ours.

    Args:
        dtype: as contracts name it. Of bfloat16 common has float32, of quantised types integers,
            for both of which TensorFlow has NumPy types of its own.
    """
    if dtype == "bfloat16":
        return _bfloat16
    numpy_dtype = np.dtype(tf.as_dtype(dtype).as_numpy_dtype)
    if numpy_dtype.names:  # quantised
        return lambda array: array.view(numpy_dtype)
    return lambda array: array


def _bfloat16(array: np.ndarray) -> np.ndarray:
    """Cut float32 to its upper half; common has rounded it, and a cast would lose NaNs' bits."""
    halves: np.ndarray = np.asarray(np.right_shift(array.view(np.uint32), 16), np.uint16)
    return halves.view(tf.bfloat16.as_numpy_dtype)


def tensor_maker(dtype: str) -> Callable[[np.ndarray], Any]:
    """Return what makes a tensor of TensorFlow 2.x of a feeder's array.

    Args:
        dtype: as contracts name it.
    """
    tensor_dtype = tf.as_dtype(dtype)
    return lambda array: tf.constant(array, dtype=tensor_dtype)


def fetcher(dtype: str) -> Convert:
    """Return what makes our array of TensorFlow's result, which for a scalar is no array.

    Args:
        dtype: as contracts name it.
    """
    if dtype == "bfloat16":
        return lambda value: np.asarray(value).astype(np.float32)
    if dtype == STRING:  # NumPy's own strings drop trailing NULs
        return lambda value: np.asarray(value, dtype=object)
    numpy_dtype = NUMPY_DTYPES[dtype]  # for quantised types the integer inside
    return lambda value: np.asarray(value).view(numpy_dtype)
