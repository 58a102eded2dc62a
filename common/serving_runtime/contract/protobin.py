"""Read protobuf's wire format strictly, since protobuf itself takes any contract for any other.

A protobuf parser skips what it does not know and turns what it misunderstands into defaults. To
distinguish six formats, a file must fit a format completely or not at all, and what does not fit
must be named with its place.

See: https://protobuf.dev/programming-guides/encoding/
"""

from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Tuple

from serving_runtime.contract.errors import ContractError

VARINT = "varint"
VARINTS = "varints"  # a repeated integer, packed or not
TEXT = "text"

_WIRE_VARINT = 0
_WIRE_BYTES = 2
_WIRE_NAMES = {0: "an integer", 1: "8 bytes", 2: "text or a message", 5: "4 bytes"}
_MAX_VARINT_BYTES = 10
# As protobuf's own parsers. A map of 0.0.5 takes three messages a level: field, map and entry.
_DEEPEST_MESSAGE = 100


class Part(NamedTuple):
    """One field of a message: its name, and VARINT, VARINTS, TEXT or the message it holds."""

    name: str
    kind: str
    repeated: bool = False


# A format: its messages by name, and their fields by number.
Format = Mapping[str, Mapping[int, Part]]


class Node(NamedTuple):
    """A message that was read: its place, and the values of its fields by name."""

    path: str
    values: Dict[str, List[Any]]

    def many(self, name: str) -> List[Any]:
        """Return all values of a field."""
        return self.values.get(name, [])

    def one(self, name: str) -> Any:
        """Return the value of a field, or None if it is absent."""
        return self.many(name)[0] if self.many(name) else None


class FormatMismatch(ContractError):
    """The bytes do not fit the format; ``offset`` is where reading ended."""

    def __init__(self, path: str, problem: str, offset: int) -> None:
        super().__init__(path, problem, f"at byte {offset}")
        self.offset = offset


class _Span(NamedTuple):
    """What a message is read from: its place in the contract and its bytes' place in the file."""

    path: str
    start: int
    end: int
    depth: int = 0


def read(data: bytes, form: Format, message: str) -> Node:
    """Read a whole file as a message of a format.

    Raises:
        FormatMismatch: the bytes are cut short, or are not such a message.
    """
    return _Reader(data, form).message(message, _Span("", 0, len(data)))


class _Reader:
    """Reads one file in one format."""

    def __init__(self, data: bytes, form: Format) -> None:
        self._data = data
        self._form = form

    def message(self, kind: str, span: _Span) -> Node:
        if span.depth > _DEEPEST_MESSAGE:
            raise FormatMismatch(
                span.path, f"messages nest deeper than {_DEEPEST_MESSAGE}", span.start
            )
        node = Node(span.path, {})
        offset = span.start
        while offset < span.end:
            offset = self._field(kind, node, span._replace(start=offset))
        return node

    def _field(self, kind: str, node: Node, span: _Span) -> int:
        """Read one field at ``span.start`` into ``node``; return where the next one begins."""
        part, wire_type, offset = self._tag(kind, span)
        values = node.values.setdefault(part.name, [])
        path = ".".join(name for name in (span.path, part.name) if name)
        if values and not part.repeated:
            raise FormatMismatch(path, "it is there twice; expected it once", span.start)
        if part.repeated and part.kind != VARINTS:
            path = f"{path}[{len(values)}]"
        if wire_type == _WIRE_VARINT:
            value, offset = self._varint(path, offset, span.end)
            values.append(_signed(value))
            return offset
        inner = self._inner(path, offset, span)
        values.extend(self._values(part, inner))
        return inner.end

    def _tag(self, kind: str, span: _Span) -> Tuple[Part, int, int]:
        tag, offset = self._varint(span.path, span.start, span.end)
        number, wire_type = tag >> 3, tag & 7
        parts = self._form[kind]
        part: Optional[Part] = parts.get(number)
        if part is None or wire_type not in _wire_types(part):
            found = f"field {number} with {_WIRE_NAMES.get(wire_type, 'an unknown encoding')}"
            problem = f"found {found}; expected {_fields_text(parts)}"
            raise FormatMismatch(span.path, problem, span.start)
        return part, wire_type, offset

    def _values(self, part: Part, span: _Span) -> List[Any]:
        if part.kind == TEXT:
            return [self._text(span)]
        if part.kind == VARINTS:
            return self._packed(span)
        return [self.message(part.kind, span)]

    def _inner(self, path: str, offset: int, span: _Span) -> _Span:
        """Read the length before text, a message or packed integers: the bytes that it spans."""
        length, start = self._varint(path, offset, span.end)
        if length > span.end - start:
            problem = (
                f"it should have {length} bytes but only {span.end - start} follow: "
                f"the file is cut short or damaged"
            )
            raise FormatMismatch(path, problem, start)
        return _Span(path, start, start + length, span.depth + 1)

    def _text(self, span: _Span) -> str:
        try:
            return self._data[span.start : span.end].decode("utf-8")
        except UnicodeDecodeError as error:
            offset = span.start + error.start
            raise FormatMismatch(span.path, "it is not UTF-8 text", offset) from None

    def _packed(self, span: _Span) -> List[int]:
        values = []
        offset = span.start
        while offset < span.end:
            value, offset = self._varint(span.path, offset, span.end)
            values.append(_signed(value))
        return values

    def _varint(self, path: str, offset: int, end: int) -> Tuple[int, int]:
        value = 0
        for index in range(_MAX_VARINT_BYTES):
            if offset + index >= end:
                raise FormatMismatch(path, "the file is cut short within a number", offset)
            byte = self._data[offset + index]
            value |= (byte & 0x7F) << (7 * index)
            if byte < 0x80:
                return value & (2**64 - 1), offset + index + 1
        raise FormatMismatch(path, f"a number has more than {_MAX_VARINT_BYTES} bytes", offset)


def _wire_types(part: Part) -> Tuple[int, ...]:
    if part.kind == VARINTS:
        return (_WIRE_VARINT, _WIRE_BYTES)
    return (_WIRE_VARINT,) if part.kind == VARINT else (_WIRE_BYTES,)


def _fields_text(parts: Mapping[int, Part]) -> str:
    return " or ".join(f"{part.name} ({number})" for number, part in sorted(parts.items()))


def _signed(value: int) -> int:
    """Undo two's complement: negative numbers travel as 64-bit ones."""
    return value - 2**64 if value >= 2**63 else value
