"""Find where everything is in a ModelInferRequest, so that tensors are read where they lie.

Only what is right is read. Everything else is left to protobuf and to ``decoding``, which say what
is wrong with it.
"""

from typing import Dict, List, Optional, Sequence, Tuple

from hydro_serving_grpc.messages import message_class
from serving_runtime.errors import InvalidInput, ServingError
from serving_runtime.protocols import shapes
from serving_runtime.protocols.open_inference import parameters, values
from serving_runtime.protocols.open_inference.datatypes import DATATYPES
from serving_runtime.protocols.open_inference.parameters import Head
from serving_runtime.protocols.open_inference.reply_context import ReplyContext
from serving_runtime.protocols.open_inference.slots import Input, Slot, of_contents, of_raw
from serving_runtime.protocols.protobuf import scanning
from serving_runtime.protocols.protobuf.parsing import parsed
from serving_runtime.protocols.protobuf.recent_layouts import Laid, fixed_around
from serving_runtime.protocols.protobuf.scanning import BYTES_1, BYTES_2, BYTES_3, Span, Unusual

Request = message_class("inference.ModelInferRequest")

# The tags of fields 4 to 7, which hold bytes.
BYTES_4, BYTES_5, BYTES_6, BYTES_7 = 0x22, 0x2A, 0x32, 0x3A
_ID, _INPUT, _RAW = BYTES_3, BYTES_5, BYTES_7
_OF_HEAD = (BYTES_1, BYTES_2, BYTES_4, BYTES_6)
_OF_REQUEST = frozenset((_ID, _INPUT, _RAW, *_OF_HEAD))
_NAME, _DATATYPE, _SHAPE, _PARAMETERS, _CONTENTS = BYTES_1, BYTES_2, BYTES_3, BYTES_4, BYTES_5
_OF_INPUT = frozenset((_NAME, _DATATYPE, _SHAPE, _CONTENTS))

# Of a request with more fields protobuf makes better use of the time.
_MAX_FIELDS = 1024
_MAX_BYTES = 2**31 - 1  # protobuf's own limit


class Layout(Laid):
    """What is where in a request.

    ``identity`` is where the request's id is, which differs from one request to the next;
    ``reply_context`` lacks it.
    """

    __slots__ = ("head", "identity", "reply_context", "slots")

    def __init__(
        self, view: memoryview, head: Head, identity: Span, slots: Tuple[Slot, ...], as_raw: bool
    ) -> None:
        places = [(it.start, it.stop) for it in slots]
        largest = max(places, key=lambda span: span[1] - span[0]) if places else None
        holes = sorted([*places, identity] if identity[1] else places)
        super().__init__(fixed_around(view, holes), largest, may_repeat=True)
        self.head = head
        self.identity = identity
        self.slots = slots
        self.reply_context = ReplyContext(head.model_name, head.model_version, b"", as_raw)


def find(view: memoryview) -> Layout:
    """Find the inputs of a request, and read everything but their values.

    Raises:
        Unusual: it is no ModelInferRequest, or has the form of none that clients write.
    """
    fields = _fields(view)
    inputs, raw, identities = fields[_INPUT], fields[_RAW], fields[_ID]
    if len(identities) > 1 or not inputs or (raw and len(raw) != len(inputs)):
        raise Unusual
    slots = tuple(
        _slot(view, span, raw[number] if raw else None) for number, span in enumerate(inputs)
    )
    if len({it.name for it in slots}) < len(slots):
        raise Unusual
    head = _head(view, fields[0])
    return Layout(view, head, identities[0] if identities else (0, 0), slots, bool(raw))


def _fields(view: memoryview) -> Dict[int, List[Span]]:
    """Return where the fields are, by their tags; those of the head with their tags, as 0."""
    if len(view) > _MAX_BYTES:
        raise Unusual
    found: Dict[int, List[Span]] = {0: [], _ID: [], _INPUT: [], _RAW: []}
    start = 0
    for count, (tag, span) in enumerate(scanning.fields(view, 0, len(view))):
        if count == _MAX_FIELDS or tag not in _OF_REQUEST:
            raise Unusual
        if tag in found:
            found[tag].append(span)
        else:
            found[0].append((start, span[1]))
        start = span[1]
    return found


def _head(view: memoryview, spans: Sequence[Span]) -> Head:
    """Read the head by protobuf: it is short, and most often the same as in the last request."""
    try:
        with parsed(Request(), b"".join(view[start:stop] for start, stop in spans)) as message:
            return parameters.read(message)
    except ServingError:  # the whole request is refused for the same reason
        raise Unusual from None


def _slot(view: memoryview, span: Span, raw: Optional[Span]) -> Slot:
    found = _input(view, span)
    datatype = DATATYPES.get(scanning.text(view, found[_DATATYPE]))
    if datatype is None or (raw is None) is not (_CONTENTS in found):
        raise Unusual
    shape = _shape(view, found.get(_SHAPE, (0, 0)))
    name = scanning.text(view, found[_NAME])
    if raw is None:
        return of_contents(view, name, datatype, shape, found[_CONTENTS])
    return of_raw(name, datatype, shape, raw)


def _input(view: memoryview, span: Span) -> Dict[int, Span]:
    """Return where an input's fields are, by their tags, but for its parameters."""
    found: Dict[int, Span] = {}
    given: List[Span] = []
    start = span[0]
    for tag, where in scanning.fields(view, *span):
        if tag == _PARAMETERS:
            given.append((start, where[1]))
        elif tag in found or tag not in _OF_INPUT:
            raise Unusual
        else:
            found[tag] = where
        start = where[1]
    if given:
        _check_parameters(view, given)
    if _NAME not in found or _DATATYPE not in found:
        raise Unusual
    return found


def _check_parameters(view: memoryview, spans: Sequence[Span]) -> None:
    try:
        with parsed(Input(), b"".join(view[start:stop] for start, stop in spans)) as message:
            parameters.refuse_of_input(message.name, message.parameters)
    except ServingError:
        raise Unusual from None


def _shape(view: memoryview, span: Span) -> Tuple[int, ...]:
    dims: List[int] = []
    at, stop = span
    while at < stop:
        size, at = scanning.varint(view, at, stop)
        dims.append(scanning.signed(size))
        if len(dims) > shapes.MAX_RANK:
            raise Unusual
    try:
        shape = values.shape_of(dims)
    except InvalidInput:
        raise Unusual from None
    if not shapes.element_count(shape):  # what it may cost a model is for ``decoding`` to judge
        raise Unusual
    return shape
