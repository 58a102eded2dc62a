"""Write and read protobuf messages by hand: the peers' schemas need no packages here.

Peers speak four schemas, and the packages that define them exclude each other. A benchmark sends
few messages, so the wire format itself is simpler than four generated packages.

See: https://protobuf.dev/programming-guides/encoding/
"""

from collections.abc import Iterator
from typing import Any, Union

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
WIDTHS = {FIXED64: 8, FIXED32: 4}

Content = Union[int, bytes, str]


def varint(number: int) -> bytes:
    """Write an integer, a negative one as its 64-bit two's complement."""
    number &= 2**64 - 1
    written = bytearray()
    while number > 0x7F:
        written.append(number & 0x7F | 0x80)
        number >>= 7
    written.append(number)
    return bytes(written)


def field(number: int, content: Content) -> bytes:
    """Write one field: an integer as a varint, all else with its length before it."""
    if isinstance(content, int):
        return varint(number << 3 | VARINT) + varint(content)
    data = content.encode() if isinstance(content, str) else content
    return b"".join((varint(number << 3 | BYTES), varint(len(data)), data))


def packed(number: int, integers: list[int]) -> bytes:
    """Write a repeated integer field in its packed form; an empty one is left out."""
    return field(number, b"".join(map(varint, integers))) if integers else b""


def fields(message: bytes) -> Iterator[tuple[int, Any]]:
    """Yield the fields of a message in their order: number, and integer or bytes.

    Raises:
        ValueError: these bytes are no message.
    """
    position = 0
    while position < len(message):
        tag, position = _varint_at(message, position)
        wire_type = tag & 7
        if wire_type == VARINT:
            content, position = _varint_at(message, position)
            yield tag >> 3, content
            continue
        if wire_type == BYTES:
            size, position = _varint_at(message, position)
        elif wire_type in WIDTHS:
            size = WIDTHS[wire_type]
        else:
            raise ValueError(f"wire type {wire_type} at byte {position}")
        if position + size > len(message):
            raise ValueError("the message is cut short")
        yield tag >> 3, message[position : position + size]
        position += size


def integers_in(data: bytes) -> list[int]:
    """Read packed varints as signed 64-bit integers."""
    found, position = [], 0
    while position < len(data):
        number, position = _varint_at(data, position)
        found.append(number - 2**64 if number >= 2**63 else number)
    return found


def _varint_at(data: bytes, position: int) -> tuple[int, int]:
    number = shift = 0
    while True:
        if position >= len(data):
            raise ValueError("a varint is cut short")
        byte = data[position]
        number |= (byte & 0x7F) << shift
        position, shift = position + 1, shift + 7
        if byte < 0x80:
            return number, position
