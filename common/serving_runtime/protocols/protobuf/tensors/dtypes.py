"""Pair each declared dtype with the fields that carry it on the wire, in one table."""

from typing import Dict, NamedTuple, Tuple

import numpy as np

from serving_runtime.contract.types import DTYPE_NUMBERS
from serving_runtime.signature import MAP, NUMPY_DTYPES, STRING

CONTENT = "tensor_content"
BINARY = "binary_val"  # the same field, as Hydrosphere 3.x calls it
MAP_VALUES = "map_val"


class WireType(NamedTuple):
    """How one dtype travels.

    ``field`` is the typed field that replies use; ``fields`` are all that a request may use.
    ``element`` is NumPy's type of one value in ``tensor_content``.

    See: TensorProto in protos/hydro_serving_grpc/tf/tensor.proto
    """

    dtype: str
    number: int
    field: str
    fields: Tuple[str, ...]
    element: "np.dtype[np.generic]"


# dtype, typed field of replies, others that clients have used.
_TABLE: Tuple[Tuple[str, str, Tuple[str, ...]], ...] = (
    ("bool", "bool_val", ()),
    ("int8", "int_val", ()),
    ("int16", "int_val", ()),
    ("int32", "int_val", ()),
    ("int64", "int64_val", ()),
    ("uint8", "int_val", ("uint32_val",)),
    ("uint16", "int_val", ("uint32_val",)),
    ("uint32", "uint32_val", ()),
    ("uint64", "uint64_val", ()),
    ("float16", "half_val", ()),
    ("bfloat16", "half_val", ()),
    ("float32", "float_val", ()),
    ("float64", "double_val", ()),
    ("complex64", "scomplex_val", ()),
    ("complex128", "dcomplex_val", ()),
    ("qint8", "int_val", ()),
    ("quint8", "int_val", ()),
    ("qint16", "int_val", ()),
    ("quint16", "int_val", ()),
    ("qint32", "int_val", ()),
    (STRING, "string_val", ()),
)

_ELEMENTS: Dict[str, "np.dtype[np.generic]"] = {"bfloat16": np.dtype(np.uint16)}

WIRE_TYPES: Dict[str, WireType] = {
    dtype: WireType(
        dtype,
        DTYPE_NUMBERS[dtype],
        field,
        (field,) + others,
        _ELEMENTS.get(dtype, NUMPY_DTYPES[dtype]),
    )
    for dtype, field, others in _TABLE
}
BY_NUMBER: Dict[int, WireType] = {item.number: item for item in WIRE_TYPES.values()}
MAP_NUMBER = DTYPE_NUMBERS[MAP]

# What an entry of each typed field is before it becomes the tensor's dtype.
FIELD_DTYPES: Dict[str, str] = {
    "half_val": "int32",
    "float_val": "float32",
    "double_val": "float64",
    "int_val": "int32",
    "string_val": STRING,
    "scomplex_val": "float32",
    "int64_val": "int64",
    "bool_val": "bool",
    "dcomplex_val": "float64",
    "uint32_val": "uint32",
    "uint64_val": "uint64",
}

# Every field that carries values, of whatever dtype.
VALUE_FIELDS = frozenset(FIELD_DTYPES) | {CONTENT, BINARY, MAP_VALUES, "variant_val"}
