"""Make a tensor of whatever a model returned or a caller passes: all odd arrays come in here."""

import warnings
from typing import Any

import numpy as np

from serving_runtime.signature import NUMPY_DTYPES, STRING, Tensor, dtype_name
from serving_runtime.validation import casts, containers
from serving_runtime.validation.containers import Read
from serving_runtime.validation.objects import (
    LARGEST_EXACT,
    NotATensor,
    first_leaf,
    holds_integers,
    tensor_of_objects,
)

__all__ = ["NotATensor", "as_declared", "as_tensor"]

_OBJECT_KINDS = "OSUT"  # Python's objects, and NumPy's own strings: T is that of NumPy 2
# By NumPy's dtypes: those of the other byte order are not among them.
_OWN = {dtype: name for name, dtype in NUMPY_DTYPES.items() if dtype.name == name}


def as_tensor(value: Any, dtype: str) -> Tensor:
    """Return a value as an array of NumPy's own class, byte order and dtypes.

    Args:
        value: an array, a scalar, nested lists, a column, a table, a sparse matrix, or anything
            with ``__array__``.
        dtype: what is declared. It decides where the value has no dtype: if it is empty, and
            whether a missing value can be NaN.

    Raises:
        NotATensor: it is ragged, of objects of several kinds, of no known dtype, or lacks values.
    """
    if type(value) is np.ndarray and value.size:
        own = _OWN.get(value.dtype)
        if own:  # nearly always
            return Tensor(own, value)
    array, missing = _read(value, dtype)
    if array.size == 0 and dtype in NUMPY_DTYPES:
        return Tensor(dtype, np.empty(array.shape, NUMPY_DTYPES[dtype]))
    if array.dtype.names:
        raise NotATensor(f"a structured array of the fields {', '.join(array.dtype.names)}")
    if missing is not None and not missing.any():
        missing = None
    if array.dtype.kind not in _OBJECT_KINDS:
        tensor = _of_numbers(array)
        if missing is None:
            return tensor
        if tensor.array.dtype.kind in "fc":
            return tensor._replace(array=_with(float("nan"), tensor.array, missing))
    if missing is not None:
        array = _with(None, array.astype(object), missing)
    return tensor_of_objects(array, dtype)


def as_declared(tensor: Tensor) -> Tensor:
    """Return a tensor of the dtype that it names, whatever its array is.

    Raises:
        NotATensor: it is of another kind, or a value does not fit.
    """
    have = as_tensor(tensor.array, tensor.dtype)
    try:
        return Tensor(tensor.dtype, casts.convert(have, tensor.dtype, casts.SAME_KIND))
    except casts.CastError as error:
        raise NotATensor(f"{have} as {tensor.dtype} ({error})") from None


def _of_numbers(array: np.ndarray) -> Tensor:
    try:
        name = dtype_name(array.dtype)
    except TypeError:
        raise NotATensor(f"an array of NumPy's {array.dtype.name}") from None
    # Of the same name may be the other byte order, and other libraries' own dtypes.
    return Tensor(name, array.astype(NUMPY_DTYPES[name], copy=False))


def _with(value: Any, array: np.ndarray, where: np.ndarray) -> np.ndarray:
    array = array.copy()
    array[where] = value
    return array


def _read(value: Any, dtype: str) -> Read:
    if type(value) is np.ndarray:
        return value, None
    try:
        if isinstance(value, (list, tuple)):
            return _of_list(value, dtype), None
        return containers.read(value) or (_of_anything(value, dtype), None)
    except (ValueError, TypeError, RuntimeError, OverflowError) as problem:
        raise NotATensor(f"a {type(value).__name__} that is no array ({problem})") from None


def _of_anything(value: Any, dtype: str) -> np.ndarray:
    with warnings.catch_warnings():
        # Before 1.24 NumPy warned of ragged lists; their elements tell as much later.
        warnings.filterwarnings("ignore", message="Creating an ndarray from ragged")
        array = np.asarray(value, dtype=object if dtype == STRING else None)
        # NumPy's own strings have a fixed width, and drop trailing NULs.
        return np.asarray(value, dtype=object) if array.dtype.kind in "SU" else array


def _of_list(values: Any, dtype: str) -> np.ndarray:
    """Return a list's array; of one that holds arrays, each is read by itself."""
    if _holds_arrays(values):
        return _of_anything(_each_read(values, dtype), dtype)
    array = _of_anything(values, dtype)
    if array.dtype.name in ("float64", "complex128"):
        with np.errstate(invalid="ignore"):  # NaN compares with a warning in old versions
            may_be_rounded = (np.abs(array) >= LARGEST_EXACT).any()
        if may_be_rounded:  # NumPy makes floats of integers that no one dtype holds
            objects = np.asarray(values, dtype=object)
            return objects if holds_integers(objects) else array
    return array


def _holds_arrays(values: Any) -> bool:
    """Whether the first leaf of a list is an array, as then all are."""
    leaf = first_leaf(values)
    return not isinstance(leaf, (list, tuple)) and _is_array(leaf)


def _is_array(value: Any) -> bool:
    return not isinstance(value, np.generic) and any(
        hasattr(type(value), name) for name in ("__array__", *containers.DENSE)
    )


def _each_read(values: Any, dtype: str) -> Any:
    if isinstance(values, (list, tuple)):
        return [_each_read(value, dtype) for value in values]
    if not _is_array(values):
        return values
    array = as_tensor(values, dtype).array
    return array if array.ndim else array[()]  # among objects it would be one itself
