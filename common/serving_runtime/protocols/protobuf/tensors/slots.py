"""Read a tensor's values where they lie in a request's bytes, as a view of them where that can be.

Only what is right is read. Everything else is left to protobuf and to ``decoding``, which say what
is wrong with it.
"""

from typing import Callable, NamedTuple, Optional, Tuple

import numpy as np

import hydro_serving_grpc as hs
from serving_runtime.errors import InvalidInput
from serving_runtime.protocols import shapes
from serving_runtime.protocols.protobuf import varints
from serving_runtime.protocols.protobuf.scanning import Span, Unusual
from serving_runtime.protocols.protobuf.tensors import decoding
from serving_runtime.protocols.protobuf.tensors.dtypes import CONTENT, FIELD_DTYPES, WireType
from serving_runtime.signature import FREE, NUMPY_DTYPES, STRING, Tensor
from serving_runtime.validation import bfloat16

# Newer versions of protobuf hand all numbers to NumPy at once (7.36 does, 6.33 does not): theirs
# are there one to five times as soon as ours. Elsewhere ours are ten times as quick.
_PROTOBUF_IS_QUICK = hasattr(hs.TensorProto().int_val, "__array__")

_FIXED_WIDTH = (CONTENT, "bool_val", "float_val", "double_val", "scomplex_val", "dcomplex_val")


class Slot(NamedTuple):
    """Where the values of one input are, and what they are.

    ``entry`` is the input's whole field of the request, tag and name included. ``shape`` may have
    one -1 if the number of values is not known before they are read.
    """

    name: str
    wire_type: WireType
    source: str
    shape: Tuple[int, ...]
    start: int
    stop: int
    entry: Span
    read: Callable[[memoryview, "Slot"], Optional[np.ndarray]]


def slot(
    name: str, wire_type: WireType, source: str, shape: Tuple[int, ...], span: Span, entry: Span
) -> Slot:
    """Return where an input's values are.

    Args:
        name: the input's.
        wire_type: of its dtype.
        source: the field with the values.
        shape: as the client sent it.
        span: where the values are.
        entry: where the whole input is.

    Raises:
        Unusual: the field is not one for the dtype, or its size is wrong for dtype or shape.
    """
    # Strings are objects to NumPy: bytes that a client sends must never be taken for such.
    if wire_type.dtype == STRING or source not in (CONTENT, *wire_type.fields):
        raise Unusual
    start, stop = span
    if source in _FIXED_WIDTH:
        shape = _resolved(shape, stop - start, wire_type.element.itemsize)
    else:
        _check_bounds(shape, stop - start)
    reader = _reader(wire_type, source)
    return Slot(name, wire_type, source, shape, start, stop, entry, reader)


def _resolved(shape: Tuple[int, ...], size: int, itemsize: int) -> Tuple[int, ...]:
    count, rest = divmod(size, itemsize)
    try:
        resolved = shapes.resolve(list(shape), count)
    except InvalidInput:
        raise Unusual from None
    if rest or shapes.element_count(resolved) != count:
        raise Unusual
    return resolved


def _check_bounds(shape: Tuple[int, ...], most: int) -> None:
    """Refuse shapes that NumPy might take for another one; ``most`` is how many values can be."""
    known = [size for size in shape if size != FREE]
    is_possible = len(shape) - len(known) <= 1 and all(size > 0 for size in known)
    if not is_possible or shapes.element_count(known) > most:
        raise Unusual


def _reader(wire_type: WireType, source: str) -> Callable[[memoryview, Slot], Optional[np.ndarray]]:
    if source not in _FIXED_WIDTH:
        return _varints
    if wire_type.dtype == "bool":
        return _bools
    return _bfloat16s if wire_type.dtype == "bfloat16" else _as_they_are


def _as_they_are(view: memoryview, place: Slot) -> np.ndarray:
    return np.ndarray(place.shape, place.wire_type.element, view, place.start)


def _bools(view: memoryview, place: Slot) -> Optional[np.ndarray]:
    values = _as_they_are(view, place)
    return values if values.view(np.uint8).max() <= 1 else None


def _bfloat16s(view: memoryview, place: Slot) -> np.ndarray:
    bits = np.frombuffer(view[place.start : place.stop], np.uint16)
    return bfloat16.from_bits(bits).reshape(place.shape)


def _varints(view: memoryview, place: Slot) -> Optional[np.ndarray]:
    buffer = view[place.start : place.stop]
    if _PROTOBUF_IS_QUICK and not varints.are_short(buffer):
        return None
    field_dtype = FIELD_DTYPES[place.source]
    entries = varints.decode(buffer, NUMPY_DTYPES[field_dtype])
    if entries is None:
        return None
    try:
        values = decoding.from_entries(Tensor(field_dtype, entries), place.wire_type)
        return values.reshape(place.shape)
    except (InvalidInput, ValueError):  # a value does not fit the dtype, or they not the shape
        return None
