"""Write arrays as JSON: numbers in the shortest form that is read as the same value.

By orjson where that is installed and knows the dtype, else by the standard library.
"""

import json
from typing import Any, FrozenSet, List

import numpy as np

from serving_runtime.protocols.json import libraries
from serving_runtime.protocols.json.wording import index_text

_CODES = "?bhilqBHILQfd"  # NumPy's, of booleans, integers and floats


class NoJson(Exception):
    """JSON has no form for a value; the text says which one it is, and where."""


def plain(value: Any) -> bytes:
    """Return Python's own values as JSON.

    Args:
        value: in which no text has half a surrogate pair, and no number is beyond 64 bits.
    """
    if libraries.orjson is not None:
        return bytes(libraries.orjson.dumps(value))
    return _by_standard_library(value)


def numbers(array: np.ndarray, has_tokens: bool) -> bytes:
    """Return numbers, or booleans, as lists nested as the array's axes are.

    Args:
        array: of any dtype but strings and complex numbers.
        has_tokens: NaN and infinities are written as the bare tokens that TensorFlow Serving has;
            else NaN is null, and an infinity an error.

    Raises:
        NoJson: a value is infinite.
    """
    if array.dtype not in _KNOWN:
        if array.dtype == np.float16:
            return numbers(array.astype(np.float32), has_tokens)
        return _slowly(array, has_tokens)
    is_scalar = not array.ndim
    array = np.ascontiguousarray(array)  # which makes a scalar an array of one
    text: bytes = libraries.orjson.dumps(array, option=libraries.orjson.OPT_SERIALIZE_NUMPY)
    if array.dtype.kind == "f" and b"n" in text:  # a null
        return _slowly(array.reshape(()) if is_scalar else array, has_tokens)
    return text[1:-1] if is_scalar else text


def texts(array: np.ndarray) -> List[Any]:
    """Return strings as texts in lists nested as the array's axes are.

    Args:
        array: of objects, which are bytes.

    Raises:
        NoJson: one is not UTF-8.
    """
    found = np.empty(array.size, object)
    for number, element in enumerate(array.ravel().tolist()):
        try:
            found[number] = element.decode("utf-8")
        except UnicodeDecodeError as problem:
            where = index_text(array.shape, number)
            raise NoJson(f"{where} is no UTF-8 ({problem.reason})") from None
    nested: List[Any] = found.reshape(array.shape).tolist()
    return nested


def _slowly(array: np.ndarray, has_tokens: bool) -> bytes:
    if array.dtype == np.float32:  # as the double of the same, shortest text
        array = array.astype("U32").astype(np.float64)
    if not has_tokens and array.dtype.kind == "f":
        array = _with_nulls(array)
    return _by_standard_library(array.tolist())


def _with_nulls(array: np.ndarray) -> np.ndarray:
    infinite = np.isinf(array).reshape(-1)
    if infinite.any():
        number = int(infinite.argmax())
        sign = "-" if array.reshape(-1)[number] < 0 else ""
        raise NoJson(f"{index_text(array.shape, number)} is {sign}Infinity")
    nulls: Any = None
    return np.where(np.isnan(array), nulls, array)


def _by_standard_library(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8")


def _known() -> "FrozenSet[np.dtype[Any]]":
    """Return the dtypes that the installed orjson writes; older ones lack some."""
    found = set()
    for dtype in map(np.dtype, _CODES if libraries.orjson is not None else ""):
        try:
            libraries.orjson.dumps(np.zeros(1, dtype), option=libraries.orjson.OPT_SERIALIZE_NUMPY)
        except TypeError:
            continue
        found.add(dtype)
    return frozenset(found)


_KNOWN = _known()
