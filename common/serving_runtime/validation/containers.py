"""Read what holds numbers in ways of its own: masks, tables, sparse matrices.

None of their libraries is imported: they are known by what they can do.
"""

from typing import Any, List, Optional, Tuple

import numpy as np

from serving_runtime.settings.parsing import MAX_MESSAGE_BYTES
from serving_runtime.validation.objects import NotATensor

# An array, and where its values are missing, if any are.
Read = Tuple[np.ndarray, Optional[np.ndarray]]

DENSE = ("toarray", "todense")  # what sparse matrices have


def read(value: Any) -> Optional[Read]:
    """Return the array of a container, or None where it is none that NumPy takes wrongly.

    Raises:
        NotATensor: it is a sparse matrix that no message could hold.
    """
    if isinstance(value, np.ma.MaskedArray):
        return np.asarray(value.data), np.ma.getmaskarray(value)
    for name in DENSE:
        if hasattr(type(value), name):  # a table's columns are attributes of the table alone
            return _dense(value, name), None
    if hasattr(value, "isna") and hasattr(value, "dtypes") and np.ndim(value) == 2:
        return _table(value)
    if hasattr(value, "isna") and hasattr(value, "dtype"):
        return _column(value)
    return None


def _dense(value: Any, method: str) -> np.ndarray:
    size_bytes = np.dtype(value.dtype).itemsize
    for size in value.shape:
        size_bytes *= int(size)
    if size_bytes > MAX_MESSAGE_BYTES:
        kind = type(value).__name__
        raise NotATensor(f"a {kind} of shape {list(value.shape)}, {size_bytes} bytes when dense")
    return np.asarray(getattr(value, method)())


def _column(column: Any) -> Read:
    """Read a column whose dtype may be one of its library's own."""
    if isinstance(column.dtype, np.dtype):
        array = np.asarray(column)
        return array, _missing(column) if array.dtype.kind == "O" else None
    own = getattr(column.dtype, "numpy_dtype", getattr(column.dtype, "subtype", object))
    dtype = np.dtype(own) if np.dtype(own).kind not in "SU" else np.dtype(object)
    missing = _missing(column)
    if not missing.any():
        return np.asarray(column, dtype), None
    # Not as the library itself does: it makes floats of integers, and rounds those that are large.
    array = np.zeros(missing.shape, dtype)
    array[~missing] = np.asarray(column, object)[~missing]
    return array, missing


def _table(table: Any) -> Read:
    """Read a table; one of several dtypes column by column, since together they would be floats."""
    [first, *others] = set(table.dtypes) or [None]
    if not others and isinstance(first, np.dtype) and first.kind != "O":
        return np.asarray(table), None
    columns: List[Read] = [_column(table.iloc[:, at]) for at in range(table.shape[1])]
    arrays = [array for array, _ in columns]
    if len({array.dtype for array in arrays}) > 1:
        arrays = [array.astype(object) for array in arrays]
    if not arrays:
        return np.asarray(table), None
    missing = [np.zeros(len(table), bool) if mask is None else mask for _, mask in columns]
    return np.stack(arrays, axis=1), np.stack(missing, axis=1)


def _missing(value: Any) -> np.ndarray:
    return np.asarray(value.isna(), bool)
