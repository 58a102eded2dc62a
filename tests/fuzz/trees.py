"""Take messages apart into trees of fields, which can be changed and written again.

A tree is a list of a field's number with an int, bytes, a tree or packed values. Its other writer
is ``odd_requests.Writer``, which adds oddities and takes longer.
"""

import struct
from collections.abc import Iterator
from typing import Any

from tests.support.odd_requests import (
    FIXED32,
    FIXED64,
    LENGTH_DELIMITED,
    VARINT,
    Packed,
)

Tree = list[tuple[int, Any]]

_SHORT = [bytes([value]) for value in range(128)]


def tree_of(message: Any) -> Tree:
    """Return the fields that are set in a message."""
    return [
        (field.number, item)
        for field, value in message.ListFields()
        for item in _items(field, value)
    ]


def written(tree: Tree) -> bytes:
    """Write a tree's fields, as protobuf writes them."""
    parts = []
    for number, value in tree:
        if isinstance(value, int):
            parts += (varint(number << 3 | VARINT), varint(value))
            continue
        content = _content(value)
        parts += (varint(number << 3 | LENGTH_DELIMITED), varint(len(content)), content)
    return b"".join(parts)


def _content(value: Any) -> bytes:
    if isinstance(value, list):
        return written(value)
    return value if isinstance(value, bytes) else b"".join(value.items)


def copy_of(tree: Tree) -> Tree:
    """Return a tree that can be changed without changing this one."""
    return [(number, _copied(value)) for number, value in tree]


def _copied(value: Any) -> Any:
    if isinstance(value, list):
        return copy_of(value)
    return Packed(value.wire, list(value.items)) if isinstance(value, Packed) else value


def _items(field: Any, value: Any) -> Iterator[Any]:
    """Yield what a field holds, once for each time that it is to be written."""
    if _is_map(field):
        for key in sorted(value):
            yield [(1, key.encode()), (2, tree_of(value[key]))]
    elif field.message_type is not None:
        yield from map(tree_of, value if field.is_repeated else [value])
    elif not field.is_repeated:
        yield _leaf(value)
    elif field.type in (field.TYPE_STRING, field.TYPE_BYTES):
        yield from map(_leaf, value)
    else:
        yield _packed(field, value)


def _is_map(field: Any) -> bool:
    return field.message_type is not None and field.message_type.GetOptions().map_entry


def _leaf(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode()
    return value if isinstance(value, bytes) else int(value)


def _packed(field: Any, values: Any) -> Packed:
    if field.type == field.TYPE_FLOAT:
        return Packed(FIXED32, [struct.pack("<f", value) for value in values])
    if field.type == field.TYPE_DOUBLE:
        return Packed(FIXED64, [struct.pack("<d", value) for value in values])
    return Packed(VARINT, [varint(int(value)) for value in values])


def varint(value: int) -> bytes:
    """Write an integer; a negative one in two's complement, as protobuf does."""
    if 0 <= value < len(_SHORT):
        return _SHORT[value]
    value &= 2**64 - 1
    groups = []
    while value > 0x7F:
        groups.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*groups, value])
