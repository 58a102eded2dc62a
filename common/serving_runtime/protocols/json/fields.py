"""Read one input of a signature where it stands in a JSON text, in whichever form it has there.

Numbers, texts and booleans are arrays; a complex number is a pair, of its real and its imaginary
part; a map is an object; a text that is no UTF-8 is base64. Null is a missing value in the columns
that can hold one, and an error in all others.
"""

from typing import Any, Dict, List, Optional, Tuple

import numpy as np

from serving_runtime.errors import InvalidInput
from serving_runtime.protocols.json import base64
from serving_runtime.protocols.json.reader import MARKED, REFUSED, Reader, Wanted
from serving_runtime.protocols.json.values import utf8
from serving_runtime.signature import (
    ANY,
    MAP,
    MISSING_SUFFIX,
    NUMPY_DTYPES,
    Field,
    MapArray,
    Tensor,
    Value,
)
from serving_runtime.validation import casts
from serving_runtime.validation.problems import child

_DEEPEST_MAP = 32


def read(
    reader: Reader, node: Any, field: Field, is_nullable: bool, place: str
) -> Dict[str, Value]:
    """Return an input by its name, and the mask of what is missing where it cannot say so itself.

    Args:
        reader: of the text.
        node: the input's value.
        field: what it should be.
        is_nullable: whether null is a missing value.
        place: where it stands, for messages.

    Raises:
        InvalidInput: it is none; the text names the place.
        Doubt: the reader cannot be sure.
    """
    if field.dtype == MAP or (field.dtype == ANY and _holds_maps(reader, node)):
        return {field.name: _map(reader.plain(node), field, place, reader)}
    if field.dtype in ("complex64", "complex128"):
        return {field.name: _complex(reader, node, field, place)}
    nulls = MARKED if is_nullable else REFUSED
    found = reader.array(node, Wanted(field.dtype, field.dtype, place, nulls, _text))
    values: Dict[str, Value] = {field.name: found.tensor}
    if found.missing is not None and found.tensor.array.dtype.kind != "f":
        values[field.name + MISSING_SUFFIX] = Tensor("bool", found.missing)
    return values


def merge(tensors: Dict[str, Value], found: Dict[str, Value]) -> None:
    """Add what was read of an input; a mask that the request has itself marks the more."""
    for name, value in found.items():
        tensors[name] = _joined(tensors.get(name), value)


def _joined(mask: Optional[Value], value: Value) -> Value:
    if not isinstance(mask, Tensor) or not isinstance(value, Tensor):
        return value
    if {mask.dtype, value.dtype} != {"bool"} or mask.array.shape != value.array.shape:
        return value
    return Tensor("bool", mask.array | value.array)


def _text(value: Any) -> Optional[bytes]:
    if isinstance(value, str):
        return utf8(value)
    return base64.decode(value) if base64.is_encoded(value) else None


def _complex(reader: Reader, node: Any, field: Field, place: str) -> Tensor:
    pairs = reader.array(node, Wanted("float64", field.dtype, place)).tensor.array
    if not pairs.size:
        return Tensor(field.dtype, np.empty(pairs.shape, NUMPY_DTYPES[field.dtype]))
    if pairs.shape[-1:] != (2,):
        raise InvalidInput(f"{place}: a {field.dtype} is a list of its real and imaginary part")
    array = np.ascontiguousarray(pairs).view(np.complex128)[..., 0]
    try:
        array = casts.convert(Tensor("complex128", array), field.dtype, casts.SAME_KIND)
    except casts.CastError as error:
        raise InvalidInput(f"{place}: {error}") from None
    return Tensor(field.dtype, array)


def _holds_maps(reader: Reader, node: Any) -> bool:
    """Whether the first of what is in nested lists is a map."""
    while reader.is_list(node) and len(node):
        node = node[0]
    if not reader.is_object(node):
        return False
    return not base64.is_encoded(reader.plain(node))


def _map(value: Any, field: Field, place: str, reader: Reader) -> Value:
    """Return a map, or an array of maps, of Python's own values."""
    if isinstance(value, dict):
        return _members(value, field, place, reader)
    leaves, shape = _leaves(value, place)
    array = np.empty(len(leaves), object)
    for index, leaf in enumerate(leaves):
        array[index] = _members(leaf, field, f"{place}[{index}]", reader)
    return MapArray(array.reshape(shape))


def _members(value: Any, field: Field, place: str, reader: Reader) -> Dict[str, Value]:
    declared = {it.name: it for it in field.subfields}
    found: Dict[str, Value] = {}
    for name, node in reader.members(value, place).items():
        subfield = declared.get(name, Field(name, MAP if isinstance(node, dict) else ANY))
        found.update(read(reader, node, subfield, False, child(place, name)))
    return found


def _leaves(value: Any, place: str) -> Tuple[List[Any], Tuple[int, ...]]:
    """Return the objects in nested lists, and the shape that these are.

    Raises:
        InvalidInput: the lists have no shape.
    """
    shape: List[int] = []
    level = [value]
    while level and all(isinstance(it, list) for it in level):
        sizes = {len(it) for it in level}
        if len(sizes) > 1 or len(shape) == _DEEPEST_MAP:
            raise InvalidInput(f"{place} has lists of maps that differ in length")
        shape.append(sizes.pop())
        level = [it for each in level for it in each]
    return level, tuple(shape)
