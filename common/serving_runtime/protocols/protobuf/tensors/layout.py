"""Find where the tensors are in a request, and remember it for the next one like it.

The bytes of requests that a client sends one after another differ in the values alone. So what was
found in one of them holds for each that is as long and has the same bytes outside of the values.
"""

from typing import Any, Callable, Dict, List, NamedTuple, Optional, Sequence, Tuple

import hydro_serving_grpc as hs
from serving_runtime.protocols.protobuf import scanning
from serving_runtime.protocols.protobuf.scanning import (
    BYTES_1,
    BYTES_2,
    LENGTH_DELIMITED,
    NUMBER_1,
    Span,
    Unusual,
)
from serving_runtime.protocols.protobuf.tensors.dtypes import CONTENT, FIELD_DTYPES
from serving_runtime.protocols.protobuf.tensors.form import TensorForm
from serving_runtime.protocols.protobuf.tensors.slots import Slot, slot

# Of a request with more inputs protobuf makes better use of the time.
_MAX_FIELDS = 1024
_MAX_BYTES = 2**31 - 1  # protobuf's own limit

ALIGNMENT = 64  # bytes; TensorFlow and oneDNN copy what is aligned to less

_SOURCES: Dict[int, str] = {
    hs.TensorProto.DESCRIPTOR.fields_by_name[name].number << 3 | LENGTH_DELIMITED: name
    for name in [CONTENT, *FIELD_DTYPES]
    if name != "string_val"  # protobuf makes Python's objects more quickly
}
_ENTRY = frozenset((BYTES_1, BYTES_2))
_TENSOR = frozenset((NUMBER_1, BYTES_2)) | frozenset(_SOURCES)


class Layout(NamedTuple):
    """What is where in a request.

    ``reply_context`` is that of the slots alone, with ``as_content`` and what else the protocol
    needs. ``others`` are the inputs that only protobuf can read, tags included. ``fixed`` are the
    bytes outside of values and of what others hold, with where they are.
    """

    signature_name: str
    reply_context: Any
    output_names: Tuple[str, ...]
    slots: Tuple[Slot, ...]
    others: Tuple[Span, ...]
    fixed: Tuple[Tuple[int, int, bytes], ...]

    def is_of(self, view: memoryview) -> bool:
        """Whether a request of the same length is laid out so."""
        for start, stop, expected in self.fixed:  # noqa: SIM110  a generator costs more than it all
            if view[start:stop] != expected:
                return False
        return True

    @property
    def fixed_bytes(self) -> int:
        """How many bytes are remembered."""
        return sum(len(part) for _, _, part in self.fixed)


class RecentLayouts:
    """Remembers layouts within ``max_bytes``; all are forgotten when one more does not fit.

    Args:
        find: finds the layout of a request, and raises Unusual where only protobuf can.
    """

    _EACH_LENGTH = 4
    _BESIDE_FIXED_BYTES = 256

    def __init__(self, find: Callable[[memoryview], Layout], max_bytes: int = 1 << 18) -> None:
        self._find = find
        self._by_length: Dict[int, List[Layout]] = {}
        self._max_bytes = max_bytes
        self._bytes = 0

    def of(self, view: memoryview) -> Optional[Layout]:
        """Return a request's layout, or None if only protobuf can read it."""
        for layout in self._by_length.get(len(view), ()):
            if layout.is_of(view):
                return layout
        try:
            layout = self._find(view)
        except Unusual:
            return None
        # The same bytes outside of the others would not make the others the same.
        if not layout.others:
            self._remember(len(view), layout)
        return layout

    def alignment_offset(self, length: int) -> int:
        """Return how far after an aligned address a request of that length should begin.

        Then the largest input of the last such request would have been aligned.
        """
        for layout in self._by_length.get(length, ()):
            if layout.slots:
                return -max(layout.slots, key=_size).start % ALIGNMENT
        return 0

    def _remember(self, length: int, layout: Layout) -> None:
        size = layout.fixed_bytes + self._BESIDE_FIXED_BYTES
        if self._bytes + size > self._max_bytes:
            self._by_length, self._bytes = {}, 0
        if size <= self._max_bytes:
            self._bytes += size
            others = self._by_length.get(length, [])
            self._by_length[length] = [layout, *others[: self._EACH_LENGTH - 1]]


class Part(NamedTuple):
    """Where a field of the request is, with its tag and without."""

    whole: Span
    content: Span


def parts(view: memoryview, tags: Sequence[int]) -> Dict[int, List[Part]]:
    """Return where the fields of a request are, by their tags.

    Args:
        view: the request.
        tags: of all the fields that it may have.

    Raises:
        Unusual: it has another one, or more than are worth while.
    """
    if len(view) > _MAX_BYTES:
        raise Unusual
    found: Dict[int, List[Part]] = {tag: [] for tag in tags}
    start = 0
    for count, (tag, span) in enumerate(scanning.fields(view, 0, len(view))):
        if count == _MAX_FIELDS or tag not in found:
            raise Unusual
        found[tag].append(Part((start, span[1]), span))
        start = span[1]
    return found


def of_inputs(view: memoryview, entries: Sequence[Part], form: TensorForm) -> Tuple[Layout, bool]:
    """Return the layout of a map's entries, and whether all slots hold raw bytes.

    Raises:
        Unusual: two of them have one name.
    """
    places = [_slot(view, entry, form) for entry in entries]
    slots = tuple(place for place in places if place is not None)
    if len({place.name for place in slots}) < len(slots):
        raise Unusual
    layout = Layout(
        "",
        None,
        (),
        slots,
        tuple(entry.whole for entry, place in zip(entries, places) if place is None),
        _fixed(view, [
            entry.content if place is None else (place.start, place.stop)
            for entry, place in zip(entries, places)
        ]),
    )  # fmt: skip
    return layout, all(place.source == CONTENT for place in slots)


def _size(place: Slot) -> int:
    return place.stop - place.start


def _slot(view: memoryview, entry: Part, form: TensorForm) -> Optional[Slot]:
    """Return where an input's values are, or None if only protobuf can tell."""
    try:
        fields = scanning.message(view, entry.content, _ENTRY)
        if len(fields) < len(_ENTRY):
            return None
        name = scanning.text(view, fields[BYTES_1])
        return _tensor_slot(view, name, fields[BYTES_2], entry.whole, form)
    except Unusual:
        return None


def _tensor_slot(view: memoryview, name: str, span: Span, entry: Span, form: TensorForm) -> Slot:
    tensor = scanning.message(view, span, _TENSOR)
    wire_type = form.by_number.get(tensor.pop(NUMBER_1, (0, 0))[0])
    shape = form.scan_shape(view, tensor.pop(BYTES_2, (0, 0)))
    if wire_type is None or len(tensor) != 1:
        raise Unusual
    tag, values = tensor.popitem()
    if values[0] == values[1]:  # to protobuf there are none
        raise Unusual
    return slot(name, wire_type, _SOURCES[tag], shape, values, entry)


def _fixed(view: memoryview, holes: List[Span]) -> Tuple[Tuple[int, int, bytes], ...]:
    kept: List[Tuple[int, int, bytes]] = []
    at = 0
    for start, stop in [*holes, (len(view), len(view))]:
        if start > at:
            kept.append((at, start, bytes(view[at:start])))
        at = stop
    return tuple(kept)
