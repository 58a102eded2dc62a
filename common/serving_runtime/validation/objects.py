"""Make strings or numbers of Python's objects, which NumPy would round, mix or leave."""

import numbers
from typing import AbstractSet, Any, Iterable, List, Tuple

import numpy as np

from serving_runtime.signature import ANY, MAP, STRING, Tensor
from serving_runtime.validation.casts import kind

_BOOL, _INTEGER, _FLOAT, _COMPLEX, _MISSING = "bool", "integer", "float", "complex", "missing"
# In this order, since Python's bool is an integer too. NumPy's widest floats are no tensor's.
_KINDS: Tuple[Tuple[str, Tuple[type, ...]], ...] = (
    (STRING, (str, bytes)),
    (_BOOL, (bool, np.bool_)),
    (_INTEGER, (numbers.Integral,)),
    (_FLOAT, (float, np.float32, np.float16)),
    (_COMPLEX, (complex, np.complex64)),
    (_MISSING, (type(None), type(np.ma.masked))),
)
# Kinds that one dtype holds together.
_TOGETHER = (frozenset((STRING,)), frozenset((_BOOL,)), frozenset((_INTEGER, _FLOAT, _COMPLEX)))
LARGEST_EXACT = 2**53  # in float64, and all that are smaller
_SHOWN_BITS = 128
# What tables have for a missing value in columns of any dtype.
_MISSING_TYPE = "NAType"


_DEEPEST_LIST = 64  # NumPy's own limit; a list may hold itself


class NotATensor(Exception):
    """No tensor can be made of a value; the text is what it is instead."""


def tensor_of_objects(array: np.ndarray, dtype: str) -> Tensor:
    """Return strings as bytes, and numbers in a dtype that holds each of them exactly.

    A missing value (None and the like) is NaN among floats, and where floats are declared.

    Args:
        array: of Python's objects, or of NumPy's own strings.
        dtype: what is declared.

    Raises:
        NotATensor: they are of several kinds or of none, or one is missing that has no NaN.
    """
    elements: List[Any] = array.ravel().tolist()
    kinds = {cls: _kind_of(cls) for cls in set(map(type, elements))}
    known = set(kinds.values()) - {_MISSING}
    odd = [cls for cls in kinds if not kinds[cls]]
    if odd or not any(known <= together for together in _TOGETHER):
        raise NotATensor(_objects(odd or kinds))
    if len(known) < len(set(kinds.values())):
        missing = [index for index, it in enumerate(elements) if kinds[type(it)] == _MISSING]
        return _with_missing(elements, missing, known, array.shape, dtype)
    if known <= {STRING}:
        return Tensor(STRING, _strings(elements).reshape(array.shape))
    values = _numbers(elements, known)
    return Tensor(values.dtype.name, values.reshape(array.shape))


def first_leaf(value: Any) -> Any:
    """Return the first of what is in nested lists, or a list that is empty."""
    for _ in range(_DEEPEST_LIST):
        if not isinstance(value, (list, tuple)) or not value:
            break
        value = value[0]
    return value


def holds_integers(array: np.ndarray) -> bool:
    """Whether an array of objects holds any integer."""
    types = set(map(type, array.ravel().tolist()))
    return any(_kind_of(cls) == _INTEGER for cls in types)


def _with_missing(
    elements: List[Any],
    missing: List[int],
    known: AbstractSet[str],
    shape: Tuple[int, ...],
    dtype: str,
) -> Tensor:
    """Return numbers with NaN for those that are missing, where that can be."""
    takes_nan = dtype not in (ANY, MAP) and kind(dtype) in (_FLOAT, _COMPLEX)
    # A scalar that is missing was forgotten, more likely than not.
    if not known and not (takes_nan and shape):
        raise NotATensor(_objects(type(elements[index]) for index in missing))
    if not known & {_FLOAT, _COMPLEX} and not (known <= {_INTEGER} and takes_nan):
        [name] = known
        count = "a missing value" if len(missing) == 1 else f"{len(missing)} missing values"
        raise NotATensor(f"{name}s with {count}")
    for index in missing:
        elements[index] = float("nan")
    values = _numbers(elements, known | {_FLOAT})
    return Tensor(values.dtype.name, values.reshape(shape))


def _kind_of(cls: type) -> str:
    for name, classes in _KINDS:
        if issubclass(cls, classes):
            return name
    return _MISSING if cls.__name__ == _MISSING_TYPE else ""


def _objects(types: Iterable[type]) -> str:
    names = sorted({cls.__name__ for cls in types})
    return f"objects of type{'s' * (len(names) > 1)} {' and '.join(names)}"


def _strings(elements: List[Any]) -> np.ndarray:
    strings = np.empty(len(elements), dtype=object)
    try:
        strings[:] = [it.encode() if isinstance(it, str) else bytes(it) for it in elements]
    except UnicodeEncodeError as problem:
        raise NotATensor(f"a string that UTF-8 cannot encode ({problem.reason})") from None
    return strings


def _numbers(elements: List[Any], known: AbstractSet[str]) -> np.ndarray:
    """Return numbers of kinds that are one dtype to NumPy, integers exactly or not at all."""
    if known == {_BOOL}:
        return np.array(elements, bool)
    integers: List[int] = []
    if _INTEGER in known:
        integers = [int(element) for element in elements if isinstance(element, numbers.Integral)]
    if known == {_INTEGER}:
        return _integers(integers)
    for integer in integers:
        if abs(integer) > LARGEST_EXACT and not _is_exact(integer):
            raise NotATensor(f"numbers of which {_shown(integer)} is not exact in float64")
    dtype = np.complex128 if _COMPLEX in known else np.float64
    return np.array(elements, dtype)


def _integers(integers: List[int]) -> np.ndarray:
    for dtype in (np.int64, np.uint64):
        limits = np.iinfo(dtype)
        if limits.min <= min(integers) and max(integers) <= limits.max:
            return np.array(integers, dtype)
    ends = f"{_shown(min(integers))} to {_shown(max(integers))}"
    raise NotATensor(f"integers from {ends}, which no 64-bit type holds")


def _is_exact(integer: int) -> bool:
    try:
        return int(float(integer)) == integer
    except OverflowError:
        return False


def _shown(integer: int) -> str:
    """Write an integer, but not one of a million digits."""
    return str(integer) if integer.bit_length() <= _SHOWN_BITS else "one of many digits"
