"""Make a tensor of whatever a model returned for one output."""

import warnings
from typing import Any, List

import numpy as np

from serving_runtime.signature import NUMPY_DTYPES, STRING, Tensor, dtype_name


class NotATensor(Exception):
    """No tensor can be made of the result; the text says what it is instead."""


def as_tensor(result: Any, dtype: str) -> Tensor:
    """Return the result as an array with the dtype that NumPy's stands for.

    Args:
        result: an array, a scalar, nested lists, or anything with ``__array__``.
        dtype: what is declared; it decides only where the result has none: for empty lists.

    Raises:
        NotATensor: it is ragged, or of objects that are no strings, or of no known dtype.
    """
    array = _as_array(result, dtype)
    if array.size == 0 and isinstance(result, (list, tuple)) and dtype in NUMPY_DTYPES:
        return Tensor(dtype, array.astype(NUMPY_DTYPES[dtype]))
    if array.dtype.kind in "OSU":
        return Tensor(STRING, _as_strings(array))
    try:
        return Tensor(dtype_name(array.dtype), array)
    except TypeError:
        raise NotATensor(f"an array of NumPy's {array.dtype.name}") from None


def _as_array(result: Any, dtype: str) -> np.ndarray:
    if isinstance(result, np.ndarray):
        return np.asarray(result)
    try:
        with warnings.catch_warnings():
            # Before 1.24 NumPy warned of ragged lists; their elements tell as much below.
            warnings.filterwarnings("ignore", message="Creating an ndarray from ragged")
            array = np.asarray(result, dtype=object if dtype == STRING else None)
            # NumPy's own strings have a fixed width, and drop trailing NULs.
            return np.asarray(result, dtype=object) if array.dtype.kind in "SU" else array
    except (ValueError, TypeError, RuntimeError) as problem:
        raise NotATensor(f"a {type(result).__name__} that is no array ({problem})") from None


def _as_strings(array: np.ndarray) -> np.ndarray:
    """Return the same array with bytes for its elements."""
    strings = np.empty(array.size, dtype=object)
    elements: List[Any] = array.ravel().tolist()
    for index, element in enumerate(elements):
        strings[index] = _as_bytes(element)
    return strings.reshape(array.shape)


def _as_bytes(element: Any) -> bytes:
    if isinstance(element, bytes):
        return bytes(element)
    if not isinstance(element, str):
        raise NotATensor(f"objects of type {type(element).__name__}")
    try:
        return element.encode("utf-8")
    except UnicodeEncodeError as problem:
        raise NotATensor(f"a string that UTF-8 cannot encode ({problem.reason})") from None
