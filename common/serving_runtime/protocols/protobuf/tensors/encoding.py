"""Write arrays as the bytes of tensors' messages, in the encoding that the request came in.

The bytes are those that protobuf writes; entries of maps are in the order that they are given in.
What stands before the values is the same for each reply of one shape and is kept. The values are
copied once, when the parts are joined.
"""

from functools import lru_cache
from typing import Any, Callable, List, Mapping, NamedTuple, Tuple, Union

import numpy as np

import hydro_serving_grpc as hs
from serving_runtime.errors import ReplyTooLarge
from serving_runtime.protocols.protobuf import varints
from serving_runtime.protocols.protobuf.scanning import (
    BYTES_1,
    BYTES_2,
    LENGTH_DELIMITED,
    NUMBER_1,
    number,
    sized,
)
from serving_runtime.protocols.protobuf.tensors.dtypes import (
    CONTENT,
    MAP_NUMBER,
    MAP_VALUES,
    WIRE_TYPES,
    WireType,
)
from serving_runtime.protocols.protobuf.tensors.form import TENSOR_PROTO
from serving_runtime.settings.parsing import MAX_MESSAGE_BYTES
from serving_runtime.signature import STRING, MapArray, Tensor, Value
from serving_runtime.validation import bfloat16

# What b"".join takes; to NumPy's arrays typing has no name for that.
Part = Any
ShapeWriter = Callable[[Tuple[int, ...]], bytes]  # see TensorForm

_TAGS = {
    name: field.number << 3 | LENGTH_DELIMITED
    for name, field in hs.TensorProto.DESCRIPTOR.fields_by_name.items()
}


class _Values(NamedTuple):
    """The values of a tensor, ``size`` bytes; ``tag`` is 0 if they bring tags of their own."""

    tag: int
    size: int
    part: Part


def encode(value: Value, as_content: bool) -> "hs.TensorProto":
    """Return the value as a message of its own; see ``fill``."""
    proto = hs.TensorProto()
    fill(proto, value, as_content)
    return proto


def fill(proto: "hs.TensorProto", value: Value, as_content: bool) -> None:
    """Write an array, or a map of them, into an empty message.

    Args:
        proto: what to write into.
        value: arrays in the dtypes of signature.NUMPY_DTYPES; the elements of strings are bytes.
        as_content: numbers as raw bytes in ``tensor_content``; False: in typed fields, which is
            all that Hydrosphere's own clients read. Strings have one encoding only.
    """
    write_shape = TENSOR_PROTO.write_shape
    dtype, shape, values = _described(value, as_content, write_shape)
    head = _head(dtype, write_shape(shape), values.tag, values.size)
    proto.MergeFromString(b"".join([head, values.part]))


def entries(values: Mapping[str, Value], as_content: bool, write_shape: ShapeWriter) -> List[Part]:
    """Return the entries of a map from names to tensors, as parts to be joined.

    The map is field 1 of each message that has one.

    Args:
        values: as ``fill`` takes them, by name.
        as_content: as ``fill`` takes it.
        write_shape: as the message's form has it.
    """
    parts: List[Part] = []
    for name, value in values.items():
        dtype, shape, content = _described(value, as_content, write_shape)
        parts.append(_entry_head(name, dtype, shape, content.tag, content.size, write_shape))
        parts.append(content.part)
    return parts


def _described(
    value: Value, as_content: bool, write_shape: ShapeWriter
) -> Tuple[int, Tuple[int, ...], _Values]:
    """Return the number of the value's dtype, its shape, and the values."""
    if not isinstance(value, Tensor):
        return _maps(value, as_content, write_shape)
    wire_type, array = WIRE_TYPES[value.dtype], value.array
    if wire_type.dtype == STRING:
        return wire_type.number, array.shape, _strings(array)
    source = CONTENT if as_content else wire_type.field
    return wire_type.number, array.shape, _numeric(array, wire_type, source)


def _maps(
    value: Union[MapArray, Mapping[str, Value]], as_content: bool, write_shape: ShapeWriter
) -> Tuple[int, Tuple[int, ...], _Values]:
    """Describe a map, or an array of them, which has an entry for each of its elements."""
    if not isinstance(value, MapArray):
        content, shape = _map(value, as_content, write_shape), ()
    else:
        maps, shape = value.array.ravel().tolist(), value.array.shape
        content = b"".join([_map(it, as_content, write_shape) for it in maps])
    return MAP_NUMBER, shape, _Values(0, len(content), content)


def _map(value: Mapping[str, Value], as_content: bool, write_shape: ShapeWriter) -> bytes:
    named = {_text(name): item for name, item in value.items()}
    parts = entries(named, as_content, write_shape)
    return sized(_TAGS[MAP_VALUES], b"".join(parts))


def _text(name: Union[str, bytes]) -> str:
    """Return the key of a model's own dict as protobuf takes it: UTF-8 will do as well."""
    return name if isinstance(name, str) else str(name, "utf-8")


def _strings(array: np.ndarray) -> _Values:
    """Write the strings, which are objects already: protobuf is quicker than a loop over them."""
    content = hs.TensorProto(string_val=array.ravel().tolist()).SerializeToString()
    return _Values(0, len(content), content)


def _content(array: np.ndarray, wire_type: WireType) -> np.ndarray:
    """Return the elements as contiguous memory."""
    if wire_type.dtype == "bfloat16":
        return bfloat16.to_bits(array)
    if not array.flags.c_contiguous:
        array = _contiguous(array)
    if wire_type.dtype == "bool" and array.size and array.view(np.uint8).max() > 1:
        array = np.not_equal(array.view(np.uint8), 0)  # it was a view; only 0 and 1 are bools
    return array


def _contiguous(array: np.ndarray) -> np.ndarray:
    if array.nbytes > MAX_MESSAGE_BYTES:  # what has strides of zero grows by being written
        raise ReplyTooLarge(
            f"an output has {array.nbytes} bytes, a message at most {MAX_MESSAGE_BYTES}"
        )
    return np.ascontiguousarray(array)


def _numeric(array: np.ndarray, wire_type: WireType, source: str) -> _Values:
    content = _content(array, wire_type)
    if source == "half_val":
        content = content.reshape(-1).view(np.uint16)
    # Floats and pairs of them are as they are in memory; bools are varints of one byte.
    if source == CONTENT or content.dtype.kind in "fcb":
        return _Values(_TAGS[source], content.nbytes, content)
    packed = varints.encode(content.reshape(-1))
    return _Values(_TAGS[source], len(packed), packed)


@lru_cache(maxsize=1024)
def _entry_head(
    name: str,
    dtype: int,
    shape: Tuple[int, ...],
    values_tag: int,
    size: int,
    write_shape: ShapeWriter,
) -> bytes:
    """Return a map's entry up to the values."""
    head = _head(dtype, write_shape(shape), values_tag, size)
    key = sized(BYTES_1, name.encode("utf-8")) + number(BYTES_2) + number(len(head) + size)
    return number(BYTES_1) + number(len(key) + len(head) + size) + key + head


def _head(dtype: int, shape: bytes, values_tag: int, size: int) -> bytes:
    """Return a tensor up to the values."""
    # A scalar's shape is present and empty.
    head = number(NUMBER_1) + number(dtype) + sized(BYTES_2, shape)
    return head + number(values_tag) + number(size) if values_tag and size else head
