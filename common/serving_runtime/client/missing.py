"""Tell a value that is missing from those that are there: None, pandas' NA, a masked element.

A column of floats says it by NaN. Others have an input of booleans beside them, ``<name>:missing``.
"""

import warnings
from typing import Any, Dict, List, Mapping, Optional, Tuple

import numpy as np

from serving_runtime.signature import MISSING_SUFFIX, MapArray, Tensor


def with_masks(inputs: Mapping[str, Any]) -> Dict[str, Any]:
    """Return inputs without missing values, and the masks of those that had some beside them.

    Args:
        inputs: by name, what ``numpy.asarray`` takes; maps and tensors stay as they are.
    """
    found: Dict[str, Any] = {}
    for name, value in inputs.items():
        is_plain = not isinstance(value, (Tensor, MapArray, Mapping))
        found[name], mask = separate(value) if is_plain else (value, None)
        if mask is not None:
            found[name + MISSING_SUFFIX] = mask
    return found


def separate(value: Any) -> Tuple[Any, Optional[np.ndarray]]:
    """Return a value with something in the places of missing ones, and the mask of these places.

    Missing numbers among floats become NaN, and there is no mask, unless there is no number at all.
    """
    if isinstance(value, np.ma.MaskedArray) and not value.dtype.names:
        return _of_masked(value)
    array = _as_array(value)
    if array is None or array.dtype != object:
        return value, None
    elements: List[Any] = array.ravel().tolist()
    gone = [_is_missing(item) for item in elements]
    if not any(gone):
        return value, None
    there = [item for item, is_gone in zip(elements, gone) if not is_gone]
    filler = _filler(there)
    filled = [filler if is_gone else item for item, is_gone in zip(elements, gone)]
    is_said = not any(gone) or bool(there and isinstance(filler, float))
    is_number = all(isinstance(item, (int, float, np.generic)) for item in there)
    found = np.array(filled, dtype=None if is_number else object).reshape(array.shape)
    return found, None if is_said else np.array(gone).reshape(array.shape)


def _as_array(value: Any) -> Optional[np.ndarray]:
    """Return an array of objects wherever something may be missing; None if it is no array."""
    if isinstance(value, np.ndarray):
        return value
    # pandas' own types are objects, else they would lose whether they are integers.
    is_extension = not isinstance(getattr(value, "dtype", np.dtype(object)), np.dtype)
    try:
        with warnings.catch_warnings():
            # Before 1.24 NumPy warned of ragged lists, which are refused elsewhere.
            warnings.filterwarnings("ignore", message="Creating an ndarray from ragged")
            array = np.asarray(value, dtype=object if is_extension else None)
            # Of texts with None or NaN among them NumPy makes texts.
            return np.array(value, dtype=object) if array.dtype.kind in "SU" else array
    except (ValueError, TypeError, RuntimeError):  # what is no array is refused elsewhere
        return None


def _of_masked(value: "np.ma.MaskedArray[Any, Any]") -> Tuple[np.ndarray, Optional[np.ndarray]]:
    mask = np.ma.getmaskarray(value)
    array = np.array(value.data)
    if not mask.any():
        return array, None
    if array.dtype.kind in "fc":
        array[mask] = np.nan
        return array, None
    array[mask] = "" if array.dtype.kind in "OSU" else 0
    return array, mask


def _is_missing(item: Any) -> bool:
    """Whether it is None, NaN, or pandas' NA or NaT; pandas need not be there."""
    if item is None or type(item).__name__ in ("NAType", "NaTType"):
        return True
    return isinstance(item, float) and item != item  # noqa: PLR0124  NaN is not itself


def _filler(there: List[Any]) -> Any:
    """Return what stands in the places of missing values, of the kind of the others."""
    if any(isinstance(item, (str, bytes)) for item in there):
        return ""
    if there and all(isinstance(item, (bool, np.bool_)) for item in there):
        return False
    return 0 if there and all(isinstance(item, (int, np.integer)) for item in there) else np.nan
