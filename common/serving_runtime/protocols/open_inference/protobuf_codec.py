"""Read ModelInferRequests and write ModelInferResponses, where they lie and as protobuf does."""

from typing import Any, Dict, Mapping, Optional

from serving_runtime.errors import InvalidInput
from serving_runtime.ipc.frames import Bytes
from serving_runtime.ipc.tuples import make_tuple
from serving_runtime.protocols.open_inference import decoding, encoding, parameters
from serving_runtime.protocols.open_inference.layout import Layout, find
from serving_runtime.protocols.open_inference.layout import Request as Message
from serving_runtime.protocols.open_inference.parameters import Head
from serving_runtime.protocols.open_inference.reply_context import ReplyContext
from serving_runtime.protocols.protobuf.parsing import parsed
from serving_runtime.protocols.protobuf.recent_layouts import RecentLayouts
from serving_runtime.protocols.protobuf.scanning import (
    BYTES_1,
    BYTES_2,
    BYTES_3,
    Span,
    sized,
)
from serving_runtime.protocols.request import Request
from serving_runtime.signature import Tensor, Value

_LAYOUTS: "RecentLayouts[Layout]" = RecentLayouts(find)
_ALL_READABLE: Dict[str, str] = {}


def decode(payload: Bytes, max_expanded_bytes: int) -> Request:
    """Read a ModelInferRequest.

    Arrays are views of the payload where its encoding allows, and writable if it is. They are
    aligned if the payload lies where ``alignment_offset`` puts it.

    Args:
        payload: the message as it came.
        max_expanded_bytes: how much memory a model may need for rows without columns.

    Raises:
        InvalidInput: it is no ModelInferRequest, or not one whose tensors can be told apart.
        Unimplemented: it asks for an extension that is not served.
        RequestOverBudget: more rows without columns than that.
    """
    view = memoryview(payload)
    layout = _LAYOUTS.of(view)
    if layout is not None:
        request = _read(view, layout)
        if request is not None:
            return request
    with parsed(Message(), payload) as message:
        return decode_message(message, max_expanded_bytes)


def decode_message(message: Any, max_expanded_bytes: int) -> Request:
    """Read a ModelInferRequest that protobuf has parsed; raises what ``decode`` does."""
    head = parameters.read(message)
    tensors, unreadable, as_raw = decoding.decode_all(message, max_expanded_bytes)
    identity = sized(BYTES_3, message.id.encode("utf-8")) if message.id else b""
    context = ReplyContext(head.model_name, head.model_version, identity, as_raw)
    return _request(head, tensors, unreadable, context)


def identity_of(payload: Bytes) -> str:
    """Return a request's id; empty where it has none, or is no request."""
    message = Message()
    try:
        with parsed(message, payload):
            return str(message.id)
    except InvalidInput:  # for which it is refused already
        return ""


def alignment_offset(length_bytes: int) -> int:
    """Return how far from an aligned address a payload should begin, so that views need no copy.

    Args:
        length_bytes: of the payload; where its values are is known from the last one as long.
    """
    return _LAYOUTS.alignment_offset(length_bytes)


def model_head(name: str, version: str) -> bytes:
    """Return the beginning of each reply: who answers."""
    return sized(BYTES_1, name.encode("utf-8")) + sized(BYTES_2, version.encode("utf-8"))


def encode(outputs: Mapping[str, Value], context: ReplyContext, head: bytes) -> bytes:
    """Write a ModelInferResponse.

    Args:
        outputs: by name; the elements of strings are bytes.
        context: of the request.
        head: what ``model_head`` has made.

    Raises:
        Unimplemented: an output has no datatype in this protocol.
    """
    parts = encoding.tensors(outputs, context.as_raw)
    return b"".join([head, context.identity, *parts])


def _read(view: memoryview, layout: Layout) -> Optional[Request]:
    """Read the inputs where they lie; None if only protobuf can read one of them."""
    tensors: Dict[str, Value] = {}
    for place in layout.slots:
        array = place.read(view, place)
        if array is None:
            return None
        tensors[place.name] = Tensor(place.datatype.dtype, array)
    context = layout.reply_context
    if layout.identity[1]:
        identity = _identity(view, layout.identity)
        if identity is None:
            return None
        name, version, _, as_raw = context
        context = make_tuple(ReplyContext, (name, version, identity, as_raw))
    return _request(layout.head, tensors, _ALL_READABLE, context)


def _identity(view: memoryview, span: Span) -> Optional[bytes]:
    """Return the field with a request's id, or None if that is no text."""
    start, stop = span
    content = bytes(view[start:stop])
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return sized(BYTES_3, content) if content else b""  # as protobuf writes an empty one


def _request(
    head: Head,
    tensors: Dict[str, Value],
    unreadable: Dict[str, str],
    context: ReplyContext,
) -> Request:
    _, _, signature_name, output_names, sequence, timeout_seconds = head
    parts = (signature_name, tensors, output_names, unreadable, context, sequence, timeout_seconds)
    return make_tuple(Request, parts)
