"""Where the messages of tensors differ: one table, so that all else is written once."""

from typing import Any, Callable, Dict, FrozenSet, List, Mapping, NamedTuple, Tuple

import hydro_serving_grpc as hs
from hydro_serving_grpc.messages import message_class
from serving_runtime.contract.types import DTYPE_NUMBERS
from serving_runtime.errors import InvalidInput
from serving_runtime.protocols import shapes
from serving_runtime.protocols.protobuf import scanning
from serving_runtime.protocols.protobuf.scanning import (
    BYTES_1,
    BYTES_2,
    NUMBER_1,
    Span,
    Unusual,
    number,
    sized,
)
from serving_runtime.protocols.protobuf.tensors.dtypes import BINARY, BY_NUMBER, CONTENT, WireType
from serving_runtime.signature import ANY

_SIZE: FrozenSet[int] = frozenset((NUMBER_1,))
_DIMS: FrozenSet[int] = frozenset((BYTES_1,))


class TensorForm(NamedTuple):
    """One message of tensors.

    ``message`` is its class, ``content`` the name of its field of raw bytes, ``by_number`` the
    dtypes that it knows. A shape is read from its message by ``read_shape``, which is told how many
    values came with it; from the bytes by ``scan_shape``; and written by ``write_shape``.
    ``not_values``: why no tensor has one of the other numbers, where that is not plain.
    """

    message: Any
    content: str
    by_number: Mapping[int, WireType]
    read_shape: Callable[[Any, int], List[int]]
    scan_shape: Callable[[memoryview, Span], Tuple[int, ...]]
    write_shape: Callable[[Tuple[int, ...]], bytes]
    not_values: Mapping[int, str] = {}


def _read_dim(shape: Any, given: int) -> List[int]:
    """Return the dims as sent; an unknown rank means a plain list."""
    if not shape.unknown_rank:
        _check_rank(len(shape.dim))
        return [dim.size for dim in shape.dim]
    if shape.dim:
        raise InvalidInput("a shape of unknown rank has dimensions")
    return [given]


def _read_dims(shape: Any, given: int) -> List[int]:
    _check_rank(len(shape.dims))
    return list(shape.dims)


def _check_rank(rank: int) -> None:
    # Counted before they are read: each costs far more as an object than on the wire.
    if rank > shapes.MAX_RANK:
        raise InvalidInput(f"{rank} dimensions are more than {shapes.MAX_RANK}")


def _scan_dim(view: memoryview, span: Span) -> Tuple[int, ...]:
    """Read the sizes of a shape's axes; an absent shape means scalar, as an empty one does."""
    shape: List[int] = []
    for tag, dim in scanning.fields(view, *span):
        if tag != BYTES_2 or len(shape) == shapes.MAX_RANK:
            raise Unusual
        size = scanning.message(view, dim, _SIZE).get(NUMBER_1, (0, 0))[0]
        shape.append(scanning.signed(size))
    return tuple(shape)


def _scan_dims(view: memoryview, span: Span) -> Tuple[int, ...]:
    at, stop = scanning.message(view, span, _DIMS).get(BYTES_1, (0, 0))
    shape: List[int] = []
    while at < stop:
        if len(shape) == shapes.MAX_RANK:
            raise Unusual
        size, at = scanning.varint(view, at, stop)
        shape.append(scanning.signed(size))
    return tuple(shape)


def _write_dim(shape: Tuple[int, ...]) -> bytes:
    return b"".join(
        sized(BYTES_2, number(NUMBER_1) + number(size) if size else b"") for size in shape
    )


def _write_dims(shape: Tuple[int, ...]) -> bytes:
    return sized(BYTES_1, b"".join(map(number, shape))) if shape else b""


def _without(dtype: str) -> Dict[int, WireType]:
    return {number: item for number, item in BY_NUMBER.items() if item.dtype != dtype}


TENSOR_PROTO = TensorForm(hs.TensorProto, CONTENT, BY_NUMBER, _read_dim, _scan_dim, _write_dim)
"""TensorFlow's, which Hydrosphere took over up to 2.x."""

TENSOR = TensorForm(
    message_class("hydrosphere.serving.contract.Tensor"),
    BINARY,
    _without("bfloat16"),
    _read_dims,
    _scan_dims,
    _write_dims,
    {DTYPE_NUMBERS[ANY]: ": DT_ANY is a contract's, and a tensor says which dtype its values have"},
)
"""Hydrosphere 3.x's: sizes are plain numbers, and there is no bfloat16."""
