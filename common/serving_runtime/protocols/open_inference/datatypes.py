"""Pair each datatype of Open Inference with our dtype and the field for its values."""

import re
from typing import Dict, NamedTuple, Tuple

import numpy as np

from hydro_serving_grpc.messages import message_class
from serving_runtime.protocols.protobuf.scanning import LENGTH_DELIMITED
from serving_runtime.signature import ANY, MAP, NUMPY_DTYPES, STRING, shape_text

BYTES = "BYTES"

_Contents = message_class("inference.InferTensorContents")
_NUMBERS = {name: it.number for name, it in _Contents.DESCRIPTOR.fields_by_name.items()}


class Datatype(NamedTuple):
    """How one dtype travels.

    ``name`` is the standard's. ``field`` of the typed contents has the values, ``tag`` is that
    field's; empty and 0 where the standard has none, and they travel as raw contents only.
    ``element`` is NumPy's type of one value in raw contents.

    See: protos/inference/grpc_service.proto
    """

    name: str
    dtype: str
    field: str
    tag: int
    element: "np.dtype[np.generic]"


_TABLE: Tuple[Tuple[str, str, str], ...] = (
    ("BOOL", "bool", "bool_contents"),
    ("INT8", "int8", "int_contents"),
    ("INT16", "int16", "int_contents"),
    ("INT32", "int32", "int_contents"),
    ("INT64", "int64", "int64_contents"),
    ("UINT8", "uint8", "uint_contents"),
    ("UINT16", "uint16", "uint_contents"),
    ("UINT32", "uint32", "uint_contents"),
    ("UINT64", "uint64", "uint64_contents"),
    ("FP16", "float16", ""),
    ("BF16", "bfloat16", ""),
    ("FP32", "float32", "fp32_contents"),
    ("FP64", "float64", "fp64_contents"),
    (BYTES, STRING, "bytes_contents"),
)

_ELEMENTS: Dict[str, "np.dtype[np.generic]"] = {"bfloat16": np.dtype(np.uint16)}

DATATYPES: Dict[str, Datatype] = {
    name: Datatype(
        name,
        dtype,
        field,
        _NUMBERS[field] << 3 | LENGTH_DELIMITED if field else 0,
        _ELEMENTS.get(dtype, NUMPY_DTYPES[dtype]),
    )
    for name, dtype, field in _TABLE
}
BY_DTYPE: Dict[str, Datatype] = {item.dtype: item for item in DATATYPES.values()}

# What travels in raw contents only.
HALVES = frozenset(item.dtype for item in DATATYPES.values() if not item.field)

# What an entry of each typed field is before it becomes the tensor's dtype.
FIELD_DTYPES: Dict[str, str] = {
    "bool_contents": "bool",
    "int_contents": "int32",
    "int64_contents": "int64",
    "uint_contents": "uint32",
    "uint64_contents": "uint64",
    "fp32_contents": "float32",
    "fp64_contents": "float64",
    "bytes_contents": STRING,
}

# What has no datatype: a signature that needs one of these is not served by this protocol.
UNCARRIED = frozenset((MAP, *NUMPY_DTYPES)) - frozenset(BY_DTYPE)

_DTYPE = re.compile(rf"\b(?:{'|'.join((*NUMPY_DTYPES, ANY, MAP))})\b")


def name_of(dtype: str) -> str:
    """Return what this protocol's clients call a dtype; one without a datatype keeps our name."""
    return BY_DTYPE[dtype].name if dtype in BY_DTYPE else dtype.upper()


def in_datatypes(text: str) -> str:
    """Return a text of ours, which holds no word of a client's, with each dtype as its datatype."""
    return _DTYPE.sub(lambda found: name_of(found.group()), text)


def described(datatype: Datatype, shape: Tuple[int, ...]) -> str:
    """Return a tensor's form as messages show it: ``FP32[2, 2]``."""
    return datatype.name + shape_text(shape)
