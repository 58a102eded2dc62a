"""Read a tensor's values where they lie in a request's bytes, as a view of them where that can be.

Only what is right is read; see ``layout``.
"""

from typing import Callable, NamedTuple, Optional, Tuple

import numpy as np

from hydro_serving_grpc.messages import message_class
from serving_runtime.errors import InvalidInput
from serving_runtime.protocols import shapes
from serving_runtime.protocols.open_inference import values
from serving_runtime.protocols.open_inference.datatypes import BYTES, FIELD_DTYPES, Datatype
from serving_runtime.protocols.protobuf import scanning, varints
from serving_runtime.protocols.protobuf.parsing import parsed
from serving_runtime.protocols.protobuf.scanning import Span, Unusual, number
from serving_runtime.signature import NUMPY_DTYPES
from serving_runtime.validation import bfloat16

Input = message_class("inference.ModelInferRequest.InferInputTensor")

# Newer versions of protobuf hand all numbers to NumPy at once, more quickly than ``varints``.
_PROTOBUF_IS_QUICK = hasattr(Input().contents.int_contents, "__array__")
_AS_IN_MEMORY = ("bool", "float32", "float64")


class Slot(NamedTuple):
    """Where the values of one input are; ``read`` returns None if only protobuf can tell them."""

    name: str
    datatype: Datatype
    shape: Tuple[int, ...]
    start: int
    stop: int
    read: Callable[[memoryview, "Slot"], Optional[np.ndarray]]


def of_raw(name: str, datatype: Datatype, shape: Tuple[int, ...], span: Span) -> Slot:
    """Return where an input's raw contents are; the shape has one element at least.

    Raises:
        Unusual: they are not as long as the shape wants it.
    """
    if datatype.name == BYTES:
        return Slot(name, datatype, shape, *span, _elements)
    if shapes.element_count(shape) * datatype.element.itemsize != span[1] - span[0]:
        raise Unusual
    return Slot(name, datatype, shape, *span, _reader(datatype))


def of_contents(
    view: memoryview, name: str, datatype: Datatype, shape: Tuple[int, ...], span: Span
) -> Slot:
    """Return where an input's typed contents are; the shape has one element at least.

    That is one packed field, or all of the contents where protobuf is to read them.

    Raises:
        Unusual: they cannot be as many as the shape wants.
    """
    is_packed = datatype.tag and datatype.name != BYTES
    fields = list(scanning.fields(view, *span)) if is_packed else []
    if len(fields) != 1 or fields[0][0] != datatype.tag:
        return Slot(name, datatype, shape, *span, _by_protobuf)
    packed = fields[0][1]
    if datatype.dtype in _AS_IN_MEMORY:
        return of_raw(name, datatype, shape, packed)
    if shapes.element_count(shape) > packed[1] - packed[0]:
        raise Unusual
    return Slot(name, datatype, shape, *packed, _varints)


def _reader(datatype: Datatype) -> Callable[[memoryview, Slot], Optional[np.ndarray]]:
    if datatype.dtype == "bool":
        return _bools
    return _bfloat16s if datatype.dtype == "bfloat16" else _as_they_are


def _as_they_are(view: memoryview, place: Slot) -> np.ndarray:
    return np.ndarray(place.shape, place.datatype.element, view, place.start)


def _bools(view: memoryview, place: Slot) -> Optional[np.ndarray]:
    array = _as_they_are(view, place)
    return array if array.view(np.uint8).max() <= 1 else None


def _bfloat16s(view: memoryview, place: Slot) -> np.ndarray:
    return bfloat16.from_bits(_as_they_are(view, place))


def _elements(view: memoryview, place: Slot) -> Optional[np.ndarray]:
    try:
        return values.from_raw(place.datatype, place.shape, view[place.start : place.stop])
    except InvalidInput:
        return None


def _varints(view: memoryview, place: Slot) -> Optional[np.ndarray]:
    buffer = view[place.start : place.stop]
    if _PROTOBUF_IS_QUICK and not varints.are_short(buffer):
        return None
    entries = varints.decode(buffer, NUMPY_DTYPES[FIELD_DTYPES[place.datatype.field]])
    if entries is None:
        return None
    try:
        return values.from_entries(entries, place.datatype).reshape(place.shape)
    except (InvalidInput, ValueError):  # a value does not fit the dtype, or they not the shape
        return None


def _by_protobuf(view: memoryview, place: Slot) -> Optional[np.ndarray]:
    # With its tag and length, as a field of a message: protobuf 3 takes the end of a group for the
    # end of a whole message, and refuses it in a field.
    start = place.start - len(number(place.stop - place.start)) - 1
    try:
        with parsed(Input(), view[start : place.stop]) as tensor:
            return values.from_contents(place.datatype, place.shape, tensor.contents)
    except InvalidInput:
        return None
