"""Read and write protobuf's wire format in the one form that clients write, and refuse all others.

Protobuf reads much more than anybody writes: numbers longer than need be, groups, fields that come
twice. What is refused here is for protobuf itself to judge, so this need not know its judgement.

See: https://protobuf.dev/programming-guides/encoding
"""

from typing import AbstractSet, Dict, Iterator, Tuple

VARINT, LENGTH_DELIMITED = 0, 2
# The tags of field 1, 2 and 3, by what they hold.
NUMBER_1, BYTES_1, BYTES_2, BYTES_3 = 0x08, 0x0A, 0x12, 0x1A

Span = Tuple[int, int]

_ALL_BITS = (1 << 64) - 1
_SHORT = tuple(bytes([value]) for value in range(0x80))


class Unusual(Exception):
    """The bytes are not in the form that is read here; protobuf may know them all the same."""


def varint(view: memoryview, at: int, stop: int) -> Span:
    """Return the number that begins at ``at``, and where it ends.

    Raises:
        Unusual: it is cut short, longer than need be, or more than 64 bits.
    """
    value = 0
    for shift in range(0, 70, 7):
        if at == stop:
            break
        byte = view[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            if (byte == 0 and shift) or value >> 64:
                break
            return value, at
    raise Unusual


def number(value: int) -> bytes:
    """Return a number as a varint; a negative one as an int64."""
    if 0 <= value < 0x80:
        return _SHORT[value]
    value &= _ALL_BITS
    groups = bytearray()
    while value > 0x7F:
        groups.append(value & 0x7F | 0x80)
        value >>= 7
    groups.append(value)
    return bytes(groups)


def sized(tag: int, content: bytes) -> bytes:
    """Return a length-delimited field."""
    return number(tag) + number(len(content)) + content


def signed(value: int) -> int:
    """Return an int64 as it was before it became a varint."""
    return value - (1 << 64) if value >> 63 else value


def fields(view: memoryview, start: int, stop: int) -> Iterator[Tuple[int, Span]]:
    """Yield each field's tag with where its bytes are; of a number: the number, and where it ends.

    Raises:
        Unusual: a field is cut short, or neither a varint nor length-delimited.
    """
    at = start
    while at < stop:
        # Most are of one byte: looked at here, since a call would cost more than all the rest.
        tag, at = (view[at], at + 1) if view[at] < 0x80 else varint(view, at, stop)
        if at == stop:
            raise Unusual
        first, at = (view[at], at + 1) if view[at] < 0x80 else varint(view, at, stop)
        if tag & 7 == LENGTH_DELIMITED:
            first, at = at, at + first
            if at > stop:
                raise Unusual
        elif tag & 7 != VARINT:
            raise Unusual
        yield tag, (first, at)


def message(view: memoryview, span: Span, known: AbstractSet[int]) -> Dict[int, Span]:
    """Return a message's fields by their tags.

    Raises:
        Unusual: a field is not known, or comes twice; or as ``fields``.
    """
    found: Dict[int, Span] = {}
    for tag, where in fields(view, *span):
        if tag in found or tag not in known:
            raise Unusual
        found[tag] = where
    return found


def text(view: memoryview, span: Span) -> str:
    """Return a string.

    Raises:
        Unusual: it is not UTF-8.
    """
    try:
        return str(view[span[0] : span[1]], "utf-8")
    except UnicodeDecodeError:
        raise Unusual from None
