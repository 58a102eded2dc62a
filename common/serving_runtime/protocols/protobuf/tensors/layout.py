"""Find where the tensors are in a request whose inputs are a map of them by name."""

from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Tuple

import hydro_serving_grpc as hs
from serving_runtime.protocols.protobuf import scanning
from serving_runtime.protocols.protobuf.recent_layouts import Laid, fixed_around
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

_SOURCES: Dict[int, str] = {
    hs.TensorProto.DESCRIPTOR.fields_by_name[name].number << 3 | LENGTH_DELIMITED: name
    for name in [CONTENT, *FIELD_DTYPES]
    if name != "string_val"  # protobuf makes Python's objects more quickly
}
_ENTRY = frozenset((BYTES_1, BYTES_2))
_TENSOR = frozenset((NUMBER_1, BYTES_2)) | frozenset(_SOURCES)


class Inputs(NamedTuple):
    """Where the inputs of a request are.

    ``others`` are those that only protobuf can read, tags included. ``holes`` are the values, and
    what others hold, in the order of the bytes. ``as_content`` is whether all slots hold raw bytes.
    """

    slots: Tuple[Slot, ...]
    others: Tuple[Span, ...]
    holes: Tuple[Span, ...]
    as_content: bool


class Layout(Laid):
    """What is where in a request, and what it asks for.

    ``reply_context`` is that of the slots alone, with ``as_content`` and what else the protocol
    needs.
    """

    __slots__ = ("others", "output_names", "reply_context", "signature_name", "slots")

    def __init__(
        self,
        view: memoryview,
        inputs: Inputs,
        reply_context: Any,
        signature_name: str = "",
        output_names: Tuple[str, ...] = (),
    ) -> None:
        values = [(place.start, place.stop) for place in inputs.slots]
        super().__init__(
            fixed_around(view, inputs.holes),
            max(values, key=_size) if values else None,
            # The same bytes outside of the others would not make the others the same.
            may_repeat=not inputs.others,
        )
        self.slots = inputs.slots
        self.others = inputs.others
        self.reply_context = reply_context
        self.signature_name = signature_name
        self.output_names = output_names


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


def of_inputs(view: memoryview, entries: Sequence[Part], form: TensorForm) -> Inputs:
    """Return where the inputs are that a map's entries hold.

    Raises:
        Unusual: two of them have one name.
    """
    places = [_slot(view, entry, form) for entry in entries]
    slots = tuple(place for place in places if place is not None)
    if len({place.name for place in slots}) < len(slots):
        raise Unusual
    return Inputs(
        slots,
        tuple(entry.whole for entry, place in zip(entries, places) if place is None),
        tuple(
            entry.content if place is None else (place.start, place.stop)
            for entry, place in zip(entries, places)
        ),
        all(place.source == CONTENT for place in slots),
    )


def _size(span: Span) -> int:
    return span[1] - span[0]


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
