"""Turn JSON's values into arrays of a dtype, and say which value is none of it."""

from typing import Any, Callable, Dict, FrozenSet, List, NoReturn, Optional, Tuple

import numpy as np

from serving_runtime.errors import InvalidInput
from serving_runtime.ipc.tuples import make_tuple
from serving_runtime.protocols.json.lists import Flat
from serving_runtime.protocols.json.reader import AS_NAN, REFUSED, Read, Reader, Wanted
from serving_runtime.protocols.json.wording import index_text, shown
from serving_runtime.signature import ANY, FLOATS, NUMPY_DTYPES, STRING, Tensor
from serving_runtime.validation import casts

# What bare tokens are read as, by which they are told from numbers too large for a double.
NAN, INFINITY, MINUS_INFINITY = float("nan"), float("inf"), float("-inf")
CONSTANTS = {"NaN": NAN, "Infinity": INFINITY, "-Infinity": MINUS_INFINITY}

_NULL = type(None)
_NUMBERS = frozenset((int, float))
# So few values are compared with the largest one before NumPy has set up for its own comparison.
_FEW = 256
_FLOAT_LIMITS = {name: float(np.finfo(name).max) for name in ("float16", "float32", "float64")}
_INT64 = np.iinfo(np.int64)
_EXPECTED = {
    "integer": "an integer, without a fraction or an exponent,",
    "bool": "true or false",
    STRING: "a text",
    "float": "a number",
}


def tensor_of(flat: Flat, wanted: Wanted, may_overflow: bool) -> Read:
    """Return values as an array of a dtype.

    Args:
        flat: the values.
        wanted: what they are read as.
        may_overflow: whether a number that is too large for a double was read as an infinity.

    Raises:
        InvalidInput: a value is none of the dtype, or does not fit it; the text names the place.
    """
    if wanted.dtype == ANY:
        dtype = _dtype_of(flat)
        wanted = wanted._replace(dtype=dtype, shown=dtype)
    missing = None
    if _NULL in flat.kinds:
        flat, missing = _without_nulls(flat, wanted)
    if casts.kind(wanted.dtype) == "float":
        array = _floats(flat, wanted, may_overflow)
    else:
        array = _READERS[casts.kind(wanted.dtype)](flat, wanted)
    if len(flat.shape) != 1:
        array = array.reshape(flat.shape)
    tensor = make_tuple(Tensor, (wanted.dtype, array))
    if missing is None or wanted.nulls == AS_NAN:
        return make_tuple(Read, (tensor, None))
    return Read(tensor, missing.reshape(flat.shape))


def narrowed(array: np.ndarray, dtype: str, wanted: Wanted) -> np.ndarray:
    """Return doubles as another float, each as the nearest one.

    Raises:
        InvalidInput: one is beyond that float.
    """
    try:
        return casts.convert(Tensor("float64", array), dtype, casts.SAME_KIND)
    except casts.CastError:
        sizes = np.where(np.isfinite(array), np.abs(array), 0)
        number = int(sizes.argmax())  # if any is too large, this one is
        where = index_text(array.shape, number)
        value = array.reshape(-1)[number].item()
        raise InvalidInput(f"{wanted.place}{where} is {value!r}, beyond {wanted.shown}") from None


def _without_nulls(flat: Flat, wanted: Wanted) -> Tuple[Flat, Optional[np.ndarray]]:
    is_float = wanted.dtype in FLOATS
    if wanted.nulls == REFUSED or (wanted.nulls == AS_NAN and not is_float):
        _refuse(flat, wanted, flat.kinds - {_NULL})
    blank = NAN if is_float else _BLANKS[casts.kind(wanted.dtype)]
    kinds = flat.kinds - {_NULL} | {type(blank)}
    values = [blank if value is None else value for value in flat.values]
    missing = np.array([value is None for value in flat.values])
    return Flat(values, flat.shape, kinds), missing


def _dtype_of(flat: Flat) -> str:
    kinds = flat.kinds - {_NULL}
    if kinds <= {int} and flat.values and _NULL not in flat.kinds:
        return "int64" if max(flat.values) <= _INT64.max else "uint64"
    if kinds == {bool}:
        return "bool"
    return STRING if kinds == {str} else "float64"


def _floats(flat: Flat, wanted: Wanted, may_overflow: bool) -> np.ndarray:
    if not flat.kinds <= _NUMBERS:
        _refuse(flat, wanted, _NUMBERS)
    limit = _FLOAT_LIMITS.get(wanted.dtype) if len(flat.values) < _FEW else None
    # A NaN is neither more nor less than the number before it, so it hides no larger one.
    if limit and flat.values and -limit <= min(flat.values) and max(flat.values) <= limit:
        return np.array(flat.values, NUMPY_DTYPES[wanted.dtype])
    try:
        array = np.array(flat.values, np.float64)
    except OverflowError:
        _refuse_where(flat, wanted, lambda value: abs(value) >= 2**1024)
    if may_overflow and np.isinf(array).any():
        _refuse_overflow(flat, array, wanted)
    if wanted.dtype == "float64":
        return array
    return narrowed(array.reshape(flat.shape), wanted.dtype, wanted)


def _refuse_overflow(flat: Flat, array: np.ndarray, wanted: Wanted) -> None:
    for number in np.flatnonzero(np.isinf(array)).tolist():
        value = flat.values[number]
        if value is not INFINITY and value is not MINUS_INFINITY:
            where = index_text(flat.shape, number)
            raise InvalidInput(f"{wanted.place}{where} is a number beyond every float")


def _integers(flat: Flat, wanted: Wanted) -> np.ndarray:
    if flat.kinds - {int}:
        _refuse(flat, wanted, frozenset((int,)))
    target = NUMPY_DTYPES[wanted.dtype]
    limits = np.iinfo(target.name)
    if flat.values and not limits.min <= min(flat.values) <= max(flat.values) <= limits.max:
        _refuse_where(flat, wanted, lambda value: not limits.min <= value <= limits.max)
    return np.array(flat.values, target)


def _bools(flat: Flat, wanted: Wanted) -> np.ndarray:
    if flat.kinds - {bool}:
        _refuse(flat, wanted, frozenset((bool,)))
    return np.array(flat.values, np.bool_)


def _strings(flat: Flat, wanted: Wanted) -> np.ndarray:
    read = wanted.text or _utf8
    found: List[bytes] = []
    for number, value in enumerate(flat.values):
        element = read(value)
        if element is None:
            _refuse_at(flat, wanted, number)
        found.append(element)
    array = np.empty(len(found), object)
    array[:] = found
    return array


def _utf8(value: Any) -> Optional[bytes]:
    return utf8(value) if isinstance(value, str) else None


def utf8(text: str) -> bytes:
    """Return a text's bytes.

    Raises:
        InvalidInput: it has half of a surrogate pair, which no text has.
    """
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError as problem:
        half = f"\\u{ord(text[problem.start]):04x}"
        raise InvalidInput(f"a text has {half} alone, half of a surrogate pair") from None


def _refuse(flat: Flat, wanted: Wanted, allowed: FrozenSet[type]) -> NoReturn:
    number = next(it for it, value in enumerate(flat.values) if type(value) not in allowed)
    _refuse_at(flat, wanted, number)


def _refuse_at(flat: Flat, wanted: Wanted, number: int) -> NoReturn:
    where = index_text(flat.shape, number)
    expected = f"{_EXPECTED[casts.kind(wanted.dtype)]} for {wanted.shown}"
    Reader.refuse(flat.values[number], f"{wanted.place}{where}", expected)


def _refuse_where(flat: Flat, wanted: Wanted, is_beyond: Callable[[Any], bool]) -> NoReturn:
    number = next(it for it, value in enumerate(flat.values) if is_beyond(value))
    where = index_text(flat.shape, number)
    raise InvalidInput(
        f"{wanted.place}{where} is {shown(flat.values[number])}, beyond {wanted.shown}"
    )


_BLANKS: Dict[str, Any] = {"integer": 0, "bool": False, STRING: ""}
_READERS: Dict[str, Callable[[Flat, Wanted], np.ndarray]] = {
    "integer": _integers,
    "bool": _bools,
    STRING: _strings,
}
