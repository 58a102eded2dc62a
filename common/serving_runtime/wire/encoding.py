"""Write arrays into a TensorProto, in the encoding that the request came in."""

from typing import Mapping

import numpy as np

import hydro_serving_grpc as hs
from serving_runtime.checks import bfloat16
from serving_runtime.signature import STRING, Tensor, Value
from serving_runtime.wire.dtypes import MAP_NUMBER, WIRE_TYPES, WireType

_LENGTH_DELIMITED = 2


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
    if not isinstance(value, Tensor):
        _fill_map(proto, value, as_content)
        return
    wire_type, array = WIRE_TYPES[value.dtype], value.array
    proto.dtype = wire_type.number  # type: ignore[assignment]  # stubs know enum types only
    proto.tensor_shape.SetInParent()  # a scalar's shape is present and empty
    for size in array.shape:
        proto.tensor_shape.dim.add(size=size)
    if wire_type.dtype == STRING:
        proto.string_val.extend(array.ravel().tolist())
    elif as_content:
        proto.tensor_content = _elements(array, wire_type).tobytes()
    else:
        _fill_typed(proto, array, wire_type)


def _fill_map(proto: "hs.TensorProto", value: "Mapping[str, Value]", as_content: bool) -> None:
    proto.dtype = MAP_NUMBER  # type: ignore[assignment]  # stubs know enum types only
    proto.tensor_shape.SetInParent()
    subtensors = proto.map_val.add().subtensors
    for name, item in value.items():
        fill(subtensors[name], item, as_content)


def _elements(array: np.ndarray, wire_type: WireType) -> np.ndarray:
    return bfloat16.to_bits(array) if wire_type.dtype == "bfloat16" else array


def _fill_typed(proto: "hs.TensorProto", array: np.ndarray, wire_type: WireType) -> None:
    if wire_type.field == "half_val":
        bits = np.ascontiguousarray(_elements(array, wire_type)).reshape(-1).view(np.uint16)
        proto.half_val.extend(bits.tolist())
    elif array.dtype.kind in "fcb":
        _merge_packed(proto, wire_type.field, array.tobytes())
    else:
        getattr(proto, wire_type.field).extend(array.ravel().tolist())


def _merge_packed(proto: "hs.TensorProto", field: str, payload: bytes) -> None:
    """Add the values of a packed field by their bytes, which are NumPy's own.

    That is a hundred times quicker than one Python object a value, and keeps a NaN's payload.
    It holds for little-endian floats, pairs of them, and bools, which are varints of one byte.
    """
    if payload:
        tag = hs.TensorProto.DESCRIPTOR.fields_by_name[field].number << 3 | _LENGTH_DELIMITED
        proto.MergeFromString(bytes([tag]) + _varint(len(payload)) + payload)


def _varint(number: int) -> bytes:
    groups = bytearray()
    while number > 0x7F:
        groups.append(number & 0x7F | 0x80)
        number >>= 7
    groups.append(number)
    return bytes(groups)
