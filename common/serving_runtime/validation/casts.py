"""Convert arrays between declared dtypes, refusing whatever would lose a value unseen."""

import numpy as np

from serving_runtime.signature import ANY, NUMPY_DTYPES, STRING, Tensor
from serving_runtime.validation import bfloat16

SAME_KIND = "same_kind"
STRICT = "strict"

_KINDS = {"b": "bool", "i": "integer", "u": "integer", "f": "float", "c": "complex", "O": STRING}
# Bits of the significand, the leading one included: every integer up to 2**bits is exact.
_SIGNIFICAND_BITS = {"bfloat16": 8, "float16": 11, "float32": 24, "float64": 53}
_FLOAT16_MAX = 65504
_LIMITS = {name: np.iinfo(dtype.name) for name, dtype in NUMPY_DTYPES.items() if dtype.kind in "iu"}


class CastError(Exception):
    """A tensor cannot stand for the dtype; the text says which rule or value forbids it."""


def convert(tensor: Tensor, dtype: str, policy: str) -> np.ndarray:
    """Return the tensor's array as the declared dtype, itself where it already is that.

    Args:
        tensor: any array with the dtype it was declared with.
        dtype: a key of NUMPY_DTYPES, or ``any``, which takes all.
        policy: ``same_kind`` widens always, narrows where every value fits, takes floats unless
            a finite one becomes infinite, and makes integers floats where each stays exact;
            ``strict`` takes the same dtype only.

    Raises:
        CastError: the dtypes are of different kinds, or a value does not fit; the text names it.
    """
    if not is_allowed(tensor.dtype, dtype, policy):
        raise CastError(f"{tensor.dtype} is not cast to {dtype}")
    return convert_allowed(tensor, dtype)


def convert_allowed(tensor: Tensor, dtype: str) -> np.ndarray:
    """Return the tensor's array as ``convert`` does, where the policy is known to allow it.

    Raises:
        CastError: a value does not fit; the text names it.
    """
    if dtype == ANY:
        return tensor.array
    array, target = tensor.array, NUMPY_DTYPES[dtype]
    if tensor.dtype == dtype or array.size == 0:
        return array.astype(target, copy=False)
    if kind(dtype) == "integer":
        return _to_integer(array, dtype)
    if kind(tensor.dtype) == "integer":
        return _integer_to_float(array, dtype)
    return _to_inexact(array, dtype)


def is_allowed(have: str, want: str, policy: str) -> bool:
    """Whether the policy lets ``have`` become ``want`` for values that fit."""
    if want in (have, ANY):
        return True
    if policy == STRICT:
        return False
    kinds = kind(have), kind(want)
    return kinds[0] == kinds[1] or kinds == ("integer", "float")


def kind(dtype: str) -> str:
    """Name the kind of a declared dtype: bool, integer, float, complex or string."""
    return _KINDS[NUMPY_DTYPES[dtype].kind]


def _to_integer(array: np.ndarray, dtype: str) -> np.ndarray:
    target = NUMPY_DTYPES[dtype]
    if not np.can_cast(array.dtype, target):
        limits = _LIMITS[dtype]
        # Python's integers: NumPy compares int64 with uint64 as floats.
        for value in (int(array.min()), int(array.max())):
            if not limits.min <= value <= limits.max:
                raise CastError(f"{value} does not fit {dtype} ({limits.min} to {limits.max})")
    return array.astype(target, copy=False)


def _integer_to_float(array: np.ndarray, dtype: str) -> np.ndarray:
    exact_limit = 1 << _SIGNIFICAND_BITS[dtype]
    if int(array.max()) > exact_limit or int(array.min()) < -exact_limit:
        inexact = _inexact_in(array.reshape(-1), dtype)
        if inexact.any():
            value = int(array.reshape(-1)[inexact.argmax()])
            raise CastError(f"{value} is not exact in {dtype}")
    return array.astype(NUMPY_DTYPES[dtype])


def _inexact_in(values: np.ndarray, dtype: str) -> np.ndarray:
    """Mark the integers whose bits, from highest to lowest, are too many for the float."""
    wide = values.astype(np.uint64)  # negative ones wrap around to 2**64 - n
    sizes = np.where(values < 0, ~wide + np.uint64(1), wide)
    lowest_bits = np.maximum(sizes & (~sizes + np.uint64(1)), np.uint64(1))
    inexact = sizes // lowest_bits >= np.uint64(1 << _SIGNIFICAND_BITS[dtype])
    if dtype == "float16":  # the only float whose range is smaller than uint64's
        inexact |= sizes > np.uint64(_FLOAT16_MAX)
    return np.asarray(inexact)


def _to_inexact(array: np.ndarray, dtype: str) -> np.ndarray:
    # Overflow is looked for below, and a signalling NaN is no reason to warn.
    with np.errstate(all="ignore"):
        result = array.astype(NUMPY_DTYPES[dtype], copy=False)
    if dtype == "bfloat16":
        result = bfloat16.from_bits(bfloat16.to_bits(result))
    if not np.can_cast(array.dtype, result.dtype) or dtype == "bfloat16":
        _refuse_overflow(array.reshape(-1), result.reshape(-1), dtype)
    return result


def _refuse_overflow(values: np.ndarray, results: np.ndarray, dtype: str) -> None:
    infinite = np.isinf(results)
    if not infinite.any():  # nearly always: spares large arrays the rest
        return
    overflowed = infinite & np.isfinite(values)
    if overflowed.any():
        value = values[overflowed.argmax()].item()
        raise CastError(f"{value!r} overflows {dtype} to infinity")
