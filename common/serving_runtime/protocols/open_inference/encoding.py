"""Write arrays as the outputs of a ModelInferResponse, in raw contents or in typed ones.

The bytes are those that protobuf writes. What stands before the values is the same for each reply
of one shape and is kept. The values are copied once, when the parts are joined.
"""

import struct
from functools import lru_cache
from typing import Any, List, Mapping, Tuple

import numpy as np

from hydro_serving_grpc.messages import message_class
from serving_runtime.errors import ReplyTooLarge, Unimplemented
from serving_runtime.protocols.open_inference.datatypes import (
    BY_DTYPE,
    BYTES,
    HALVES,
    Datatype,
    name_of,
)
from serving_runtime.protocols.protobuf import varints
from serving_runtime.protocols.protobuf.scanning import (
    BYTES_1,
    BYTES_2,
    BYTES_3,
    number,
    sized,
)
from serving_runtime.settings.parsing import MAX_MESSAGE_BYTES
from serving_runtime.signature import MAP, Tensor, Value
from serving_runtime.validation import bfloat16
from serving_runtime.validation.problems import quoted

# What b"".join takes; to NumPy's arrays typing has no name for that.
Part = Any

# The tags of a response's fields 5 and 6, and of a tensor's field 5.
_OUTPUT, _RAW_OUTPUT, _CONTENTS = 0x2A, b"\x32", 0x2A
CARRIED_BY = "/tensorflow.serving.PredictionService/Predict"

_Contents = message_class("inference.InferTensorContents")
_LENGTH = struct.Struct("<I")


def tensors(values: Mapping[str, Value], as_raw: bool) -> List[Part]:
    """Return tensors and their values as parts to be joined.

    What the standard knows in raw contents only (FP16, BF16) makes all of them raw.

    Args:
        values: by name; the elements of strings are bytes.
        as_raw: values go into raw contents; False: into typed ones.

    Raises:
        Unimplemented: a value has no datatype in this protocol.
        ReplyTooLarge: a value is larger than any message.
    """
    if as_raw or _has_halves(values):
        return _in_raw_contents(values)
    parts: List[Part] = []
    for name, value in values.items():
        datatype, array = carried(name, value)
        tag, size, content = _typed_content(datatype, array)
        parts += (_typed_head(name, datatype.name, array.shape, tag, size), content)
    return parts


def _has_halves(values: Mapping[str, Value]) -> bool:
    return any(isinstance(value, Tensor) and value.dtype in HALVES for value in values.values())


def _in_raw_contents(values: Mapping[str, Value]) -> List[Part]:
    heads: List[Part] = []
    contents: List[Part] = []
    for name, value in values.items():
        datatype, array = carried(name, value)
        content, size = raw_content(datatype, array)
        head, raw_head = _raw_heads(name, datatype.name, array.shape, size)
        heads.append(head)
        contents += (raw_head, content)
    return heads + contents


def carried(name: str, value: Value, side: str = "output") -> Tuple[Datatype, np.ndarray]:
    """Return the datatype and the values of an ``input`` or ``output``.

    Raises:
        Unimplemented: the protocol has no datatype for it.
    """
    if isinstance(value, Tensor) and value.dtype in BY_DTYPE:
        return BY_DTYPE[value.dtype], value.array
    kind = name_of(value.dtype if isinstance(value, Tensor) else MAP)
    raise Unimplemented(
        f"{side} {quoted(name)} is {kind}, for which Open Inference has no datatype: call "
        f"{CARRIED_BY}"
    )


def raw_content(datatype: Datatype, array: np.ndarray) -> Tuple[Part, int]:
    """Return values as raw contents, and how many bytes those are."""
    if datatype.name == BYTES:
        return _elements(array)
    return _content(datatype, array), array.size * datatype.element.itemsize


def _elements(array: np.ndarray) -> Tuple[bytes, int]:
    """Return the elements of BYTES as raw contents, and how many bytes those are."""
    parts: List[bytes] = []
    for element in array.ravel().tolist():
        parts += (_LENGTH.pack(len(element)), element)
    content = b"".join(parts)
    return content, len(content)


def _typed_content(datatype: Datatype, array: np.ndarray) -> Tuple[int, int, Part]:
    """Return typed contents: the tag and the size of the packed field, and what it holds."""
    if datatype.name == BYTES:  # which brings tags of its own
        content = _Contents(bytes_contents=array.ravel().tolist()).SerializeToString()
        return 0, len(content), content
    values = _content(datatype, array)
    if values.dtype.kind in "fb":
        return datatype.tag, values.nbytes, values
    packed = varints.encode(values.reshape(-1))
    return datatype.tag, len(packed), packed


def _content(datatype: Datatype, array: np.ndarray) -> np.ndarray:
    """Return the elements as contiguous memory."""
    if datatype.dtype == "bfloat16":
        return bfloat16.to_bits(array)
    if not array.flags.c_contiguous:
        if array.nbytes > MAX_MESSAGE_BYTES:  # what has strides of zero grows by being written
            raise ReplyTooLarge(
                f"an output has {array.nbytes} bytes, a message at most {MAX_MESSAGE_BYTES}"
            )
        array = np.ascontiguousarray(array)
    if datatype.dtype == "bool" and array.size and array.view(np.uint8).max() > 1:
        array = np.not_equal(array.view(np.uint8), 0)  # it was a view; only 0 and 1 are bools
    return array


@lru_cache(maxsize=1024)
def _raw_heads(name: str, datatype: str, shape: Tuple[int, ...], size: int) -> Tuple[bytes, bytes]:
    """Return a tensor whose values are elsewhere, and what stands there before them."""
    return sized(_OUTPUT, _described(name, datatype, shape)), _RAW_OUTPUT + number(size)


@lru_cache(maxsize=1024)
def _typed_head(
    name: str, datatype: str, shape: Tuple[int, ...], values_tag: int, size: int
) -> bytes:
    """Return a tensor up to its values."""
    head = _described(name, datatype, shape)
    values_head = number(values_tag) + number(size) if values_tag and size else b""
    if size:
        head += number(_CONTENTS) + number(len(values_head) + size) + values_head
    return number(_OUTPUT) + number(len(head) + size) + head


def _described(name: str, datatype: str, shape: Tuple[int, ...]) -> bytes:
    dims = b"".join(number(size) for size in shape)
    described = sized(BYTES_1, name.encode("utf-8")) if name else b""
    described += sized(BYTES_2, datatype.encode())
    return described + sized(BYTES_3, dims) if dims else described
