"""Write PredictRequests that no client's library would, byte by byte."""

import struct
from collections.abc import Iterable

import hydro_serving_grpc as hs
from serving_runtime.protocols.protobuf.scanning import (
    BYTES_1,
    BYTES_2,
    BYTES_3,
    NUMBER_1,
    number,
    sized,
)

NUMBERS = {name: field.number for name, field in hs.TensorProto.DESCRIPTOR.fields_by_name.items()}
START_GROUP, END_GROUP = 3, 4


def tag(field: str) -> int:
    """Return the tag of one of a tensor's fields, as bytes of a given length."""
    return NUMBERS[field] << 3 | 2


def shape(sizes: Iterable[int]) -> bytes:
    """Return a tensor's shape."""
    dims = b"".join(sized(BYTES_2, bytes([NUMBER_1]) + number(size)) for size in sizes)
    return sized(BYTES_2, dims)


def tensor(dtype: int, sizes: Iterable[int] = (), *fields: bytes) -> bytes:
    """Return a tensor: dtype, shape, and whatever else."""
    return bytes([NUMBER_1]) + number(dtype) + shape(sizes) + b"".join(fields)


def doubles(*values: float) -> bytes:
    """Return a good tensor of one axis."""
    packed = struct.pack(f"<{len(values)}d", *values)
    return tensor(hs.DT_DOUBLE, [len(values)], sized(tag("double_val"), packed))


def words(*values: bytes) -> bytes:
    """Return a good tensor of strings."""
    texts = b"".join(sized(tag("string_val"), value) for value in values)
    return tensor(hs.DT_STRING, [len(values)], texts)


def entry(name: bytes, value: bytes) -> bytes:
    """Return one entry of the inputs; a map's entries are written the same way."""
    return sized(BYTES_2, keyed(name, value))


def keyed(name: bytes, value: bytes) -> bytes:
    """Return what is within an entry of a map of tensors."""
    return sized(BYTES_1, name) + sized(BYTES_2, value)


def mapping(*entries: bytes) -> bytes:
    """Return a tensor that is a map, of what ``keyed`` has made."""
    content = b"".join(sized(BYTES_1, each) for each in entries)
    return tensor(hs.DT_MAP, (), sized(tag("map_val"), content))


def nested(levels: int) -> bytes:
    """Return a map in a map, and so on; built from within, since each holds all the others."""
    value = doubles(1.0)
    for _ in range(levels):
        value = mapping(keyed(b"k", value))
    return value


def nested_variants(levels: int) -> bytes:
    """Return a variant whose tensor has a variant, and so on. See: VariantTensorDataProto."""
    value = doubles(1.0)
    for _ in range(levels):
        value = tensor(hs.DT_VARIANT, (), sized(tag("variant_val"), sized(BYTES_3, value)))
    return value


def nested_groups(levels: int) -> bytes:
    """Return fields that no message has, each within the one before it."""
    return number(99 << 3 | START_GROUP) * levels + number(99 << 3 | END_GROUP) * levels


def predict(*entries: bytes, signature: bytes = b"infer") -> bytes:
    """Return a request to the obedient model."""
    return sized(BYTES_1, sized(BYTES_3, signature)) + b"".join(entries)


def with_x(value: bytes) -> bytes:
    """Return a good request but for its input ``x``."""
    return predict(entry(b"what", words(b"")), entry(b"x", value))
