"""Dtypes that TensorFlow adds to NumPy's, as a function that uses it returns them."""

import numpy as np
import pytest

from serving_runtime.validation.tensors import NotATensor, as_tensor

tf = pytest.importorskip("tensorflow")


@pytest.mark.parametrize("declared", ["any", "bfloat16", "float32"])
def test_bfloat16_becomes_float32(declared):
    """Its values are what they were, and it is told what it was."""
    dtype = tf.bfloat16.as_numpy_dtype
    tensor = as_tensor(np.array([1.5, 2.0], np.float32).astype(dtype), declared)
    assert (tensor.dtype, tensor.array.dtype) == ("bfloat16", np.float32)
    assert tensor.array.tolist() == [1.5, 2.0]


def test_quantised_values_are_integers_or_refused_by_name():
    """Newer versions have no dtype of their own for them, older ones one of records."""
    dtype = np.dtype(tf.qint8.as_numpy_dtype)
    value = np.array([3], np.int8).view(dtype)
    if dtype.names:
        with pytest.raises(NotATensor, match="a structured array of the fields qint8"):
            as_tensor(value, "any")
    else:
        assert as_tensor(value, "any").array.tolist() == [3]
