"""Read the values of one tensor: raw contents as views, typed contents as protobuf has them.

Only Python's integers say how many values there must be, and nothing is allocated before that.
"""

import struct
from typing import Any, List, Sequence, Tuple

import numpy as np

from serving_runtime.errors import InvalidInput
from serving_runtime.protocols import shapes
from serving_runtime.protocols.open_inference.datatypes import (
    BYTES,
    FIELD_DTYPES,
    Datatype,
    described,
    in_datatypes,
)
from serving_runtime.signature import NUMPY_DTYPES, Tensor, shape_text
from serving_runtime.validation import bfloat16, casts

RAW = "raw contents"
_LENGTH = struct.Struct("<I")  # before each element of BYTES


def shape_of(dims: Sequence[int]) -> Tuple[int, ...]:
    """Return a tensor's shape.

    Args:
        dims: as they were sent; counted before they are read.

    Raises:
        InvalidInput: no array has such a shape.
    """
    if len(dims) > shapes.MAX_RANK:
        raise InvalidInput(f"{len(dims)} dimensions are more than {shapes.MAX_RANK}")
    shape = tuple(dims)
    for size in shape:
        if size < 0:
            raise InvalidInput(f"dimension {size} in shape {shape_text(shape)} is negative")
    return shapes.resolve(list(shape), 0)


def from_raw(
    datatype: Datatype, shape: Tuple[int, ...], content: memoryview, called: str = RAW
) -> np.ndarray:
    """Return the array in raw contents, a view of them where they are as in memory.

    Args:
        datatype: of the tensor.
        shape: of the tensor.
        content: the bytes.
        called: what clients call those.

    Raises:
        InvalidInput: they are not as long as the shape wants it, or hold what is no value.
    """
    count = shapes.element_count(shape)
    if datatype.name == BYTES:
        return _objects(split(content, count, called), shape)
    wanted = count * datatype.element.itemsize
    if len(content) != wanted:
        raise InvalidInput(
            f"{_counted(len(content), 'byte')} of {called}, but {described(datatype, shape)} "
            f"takes {wanted}"
        )
    if not count:
        return np.empty(0, NUMPY_DTYPES[datatype.dtype]).reshape(shape)
    values = np.ndarray(shape, datatype.element, content)
    if datatype.dtype == "bool" and values.view(np.uint8).max() > 1:
        # NumPy would take any byte for a bool, and then add and compare those wrongly.
        raise InvalidInput(f"{called} of BOOL have bytes other than 0 and 1")
    return bfloat16.from_bits(values) if datatype.dtype == "bfloat16" else values


def split(content: memoryview, count: int, called: str) -> List[bytes]:
    """Return the elements of BYTES in raw contents, each behind its length.

    Raises:
        InvalidInput: they are not so many, or cut short.
    """
    if count * _LENGTH.size > len(content):
        raise InvalidInput(
            f"{_counted(len(content), 'byte')} of {called} cannot be {_counted(count, 'element')} "
            f"of BYTES, which begin with {_LENGTH.size} bytes of length each"
        )
    elements: List[bytes] = []
    at, end = 0, len(content)
    for number in range(count):
        start = at + _LENGTH.size
        at = start + _LENGTH.unpack_from(content, at)[0] if start <= end else end + 1
        if at > end:
            raise InvalidInput(f"{called} of BYTES end within element {number} of {count}")
        elements.append(bytes(content[start:at]))
    if at < end:
        left = _counted(end - at, "byte")
        raise InvalidInput(
            f"{left} of {called} left over after {_counted(count, 'element')} of BYTES"
        )
    return elements


def from_contents(datatype: Datatype, shape: Tuple[int, ...], contents: Any) -> np.ndarray:
    """Return the array in typed contents.

    Args:
        datatype: of the tensor.
        shape: of the tensor.
        contents: an InferTensorContents.

    Raises:
        InvalidInput: the values are in another field, not as many as the shape wants, or one does
            not fit the datatype.
    """
    present = [(field.name, value) for field, value in contents.ListFields()]
    if len(present) > 1:
        raise InvalidInput(f"values in both {present[0][0]} and {present[1][0]}")
    if present and present[0][0] != datatype.field:
        raise InvalidInput(
            f"{datatype.name} has its values in {datatype.field or 'raw contents only'}, "
            f"not in {present[0][0]}"
        )
    entries: Sequence[Any] = present[0][1] if present else ()
    count = shapes.element_count(shape)
    if len(entries) != count:
        given = _counted(len(entries), "value") if entries else "no values"
        raise InvalidInput(f"{given} for {_counted(count, 'element')} of shape {shape_text(shape)}")
    if datatype.name == BYTES:
        return _objects(list(entries), shape)
    if not count:
        return np.empty(0, NUMPY_DTYPES[datatype.dtype]).reshape(shape)
    dtype = FIELD_DTYPES[datatype.field]
    return from_entries(np.array(entries, NUMPY_DTYPES[dtype]), datatype).reshape(shape)


def from_entries(entries: np.ndarray, datatype: Datatype) -> np.ndarray:
    """Make a typed field's entries the values of the tensor's own dtype.

    Raises:
        InvalidInput: an entry does not fit the dtype.
    """
    dtype = FIELD_DTYPES[datatype.field]
    try:
        return casts.convert(Tensor(dtype, entries), datatype.dtype, casts.SAME_KIND)
    except casts.CastError as problem:
        raise InvalidInput(in_datatypes(str(problem))) from None


def _objects(elements: List[bytes], shape: Tuple[int, ...]) -> np.ndarray:
    array = np.empty(len(elements), object)
    array[:] = elements
    return array.reshape(shape)


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
