"""Read inference requests in JSON, and remember the JSON that stands before binary data.

A client that sends binary data writes the same JSON before it each time, but for an id.
"""

from typing import Dict, List, Mapping, NamedTuple, Optional, Tuple

from serving_runtime.errors import InvalidInput
from serving_runtime.ipc.frames import Bytes
from serving_runtime.protocols.json import reading
from serving_runtime.protocols.json.reader import Reader
from serving_runtime.protocols.json.reading import LONG_BYTES
from serving_runtime.protocols.open_inference import decoding, values
from serving_runtime.protocols.open_inference.binary_data import BinaryData, header_length
from serving_runtime.protocols.open_inference.datatypes import BY_DTYPE, Datatype
from serving_runtime.protocols.open_inference.json_recent import RecentRequests
from serving_runtime.protocols.open_inference.json_replies import RestContext, identity_member
from serving_runtime.protocols.open_inference.json_requests import (
    NOTHING_ASKED,
    Found,
    Nullable,
    interpret,
)
from serving_runtime.protocols.protobuf.recent_layouts import ALIGNMENT
from serving_runtime.protocols.request import Request
from serving_runtime.signature import Tensor, Value

# What is remembered is forgotten, all at once, when there is more.
_MAX_JSON_BYTES = 4096
_MAX_TEXTS = 256
_MAX_LENGTHS = 1024


class Slot(NamedTuple):
    """What one input is whose values are after the JSON."""

    name: str
    datatype: Datatype
    shape: Tuple[int, ...]
    size: int


class Remembered(NamedTuple):
    """What a JSON text says; ``size`` is of all its binary data. The request lacks its tensors."""

    request: Request
    slots: Tuple[Slot, ...]
    size: int


_NOTHING_ASKED = RestContext(b"", False, {})
_BY_TEXT: Dict[bytes, Remembered] = {}
_OFFSETS: Dict[int, int] = {}


def decode(
    payload: Bytes,
    attributes: Mapping[str, str],
    nullable: Nullable,
    max_expanded_bytes: int,
    recent: Optional[RecentRequests] = None,
) -> Request:
    """Read an inference request; arrays are views of the payload where they are binary data.

    Args:
        payload: as it came.
        attributes: of the call: where its JSON ends.
        nullable: the inputs that may have missing values, by the names that choose a signature.
        max_expanded_bytes: how much memory a model may need for rows without columns.
        recent: those that came before, where they are remembered.

    Raises:
        InvalidInput: it is no such request, or not one whose tensors can be told apart.
        Unimplemented: it asks for an extension that is not served.
        RequestOverBudget: more rows without columns than that.
    """
    view = memoryview(payload)
    start = header_length(view, attributes)
    if start is None:
        return _read_json(view, nullable, max_expanded_bytes, recent)
    if start <= _MAX_JSON_BYTES:
        remembered = _BY_TEXT.get(bytes(view[:start]))
        if remembered is not None and remembered.size == len(view) - start:
            request = _reread(view, start, remembered)
            if request is not None:
                return request
    return _read(view, start, nullable, max_expanded_bytes)


def alignment_offset(length_bytes: int) -> int:
    """Return how far from an aligned address a payload should begin, so that views need no copy.

    Args:
        length_bytes: of the payload; where its values are is known from the last one as long.
    """
    return _OFFSETS.get(length_bytes, 0)


def _read_json(
    view: memoryview,
    nullable: Nullable,
    max_expanded_bytes: int,
    recent: Optional[RecentRequests],
) -> Request:
    """Read a request without binary data."""
    if recent is None or len(view) > LONG_BYTES:
        return _read(view, None, nullable, max_expanded_bytes)
    text = bytes(view)
    request = recent.read(text)
    if request is None:
        request = _read(view, None, nullable, max_expanded_bytes)
        recent.remember(text, request)
    return request


def _read(
    view: memoryview, start: Optional[int], nullable: Nullable, max_expanded_bytes: int
) -> Request:
    taken: List[BinaryData] = []  # one for each reader that was tried; the last one's counts

    def read(reader: Reader) -> Found:
        taken.append(BinaryData(view, start))
        return interpret(reader, taken[-1], nullable)

    asked, tensors, unreadable = reading.read(view[:start], read)
    decoding.check_empty_rows(tensors, max_expanded_bytes)
    head = asked.head
    request = Request(
        head.signature_name,
        tensors,
        head.output_names,
        unreadable,
        _NOTHING_ASKED
        if asked is NOTHING_ASKED
        else RestContext(identity_member(asked.identity), asked.is_binary, asked.binary_outputs),
        head.sequence,
        head.timeout_seconds,
    )
    if start is not None and not unreadable:
        _remember_offset(len(view), taken[-1].sizes, start)
        if start <= _MAX_JSON_BYTES and not asked.identity:
            _remember_text(bytes(view[:start]), request, taken[-1].sizes)
    return request


def _reread(view: memoryview, start: int, remembered: Remembered) -> Optional[Request]:
    """Return the request of a known JSON text, or None if one of its values is wrong."""
    tensors: Dict[str, Value] = {}
    at = start
    try:
        for name, datatype, shape, size in remembered.slots:
            array = values.from_raw(datatype, shape, view[at : at + size])
            tensors[name] = Tensor(datatype.dtype, array)
            at += size
    except InvalidInput:
        return None
    return remembered.request._replace(tensors=tensors)


def _remember_text(text: bytes, request: Request, sizes: List[int]) -> None:
    if len(sizes) < len(request.tensors):  # some have their values in the JSON
        return
    slots = []
    for (name, tensor), size in zip(request.tensors.items(), sizes):
        if not isinstance(tensor, Tensor) or not size:  # what that may cost is judged each time
            return
        slots.append(Slot(name, BY_DTYPE[tensor.dtype], tensor.array.shape, size))
    if len(_BY_TEXT) >= _MAX_TEXTS:
        _BY_TEXT.clear()
    _BY_TEXT[text] = Remembered(request._replace(tensors={}), tuple(slots), sum(sizes))


def _remember_offset(length: int, sizes: List[int], start: int) -> None:
    """Remember where the largest values of a payload begin."""
    if not sizes:
        return
    largest = max(range(len(sizes)), key=sizes.__getitem__)
    if len(_OFFSETS) >= _MAX_LENGTHS:
        _OFFSETS.clear()
    _OFFSETS[length] = -(start + sum(sizes[:largest])) % ALIGNMENT
