"""Read PredictRequests and write PredictResponses, where they lie and as protobuf does."""

from functools import lru_cache
from typing import Dict, List, Mapping, Optional, Tuple

import hydro_serving_grpc as hs
from serving_runtime.ipc.frames import Bytes
from serving_runtime.protocols.protobuf.parsing import parsed
from serving_runtime.protocols.protobuf.scanning import BYTES_1, BYTES_2, Span, sized
from serving_runtime.protocols.request import Request
from serving_runtime.protocols.tensorflow_serving import decoding, encoding, model_spec
from serving_runtime.protocols.tensorflow_serving.budget import DecodeBudget
from serving_runtime.protocols.tensorflow_serving.dtypes import CONTENT
from serving_runtime.protocols.tensorflow_serving.layout import Layout, RecentLayouts
from serving_runtime.protocols.tensorflow_serving.model_spec import ModelSpec
from serving_runtime.protocols.tensorflow_serving.reply_context import ReplyContext
from serving_runtime.signature import Tensor, Value

_LAYOUTS = RecentLayouts()
_ALL_READABLE: Dict[str, str] = {}


def decode(payload: Bytes, max_expanded_bytes: int) -> Request:
    """Read a PredictRequest.

    Arrays are views of the payload where its encoding allows, and writable if it is. They are
    aligned if the payload lies where ``alignment_offset`` puts it.

    Args:
        payload: the message as it came.
        max_expanded_bytes: how much repeated values may grow to.

    Raises:
        InvalidInput: it is no PredictRequest, or a tensor of it cannot be read.
        LimitExceeded: repeated values would grow too large.
    """
    view = memoryview(payload)
    layout = _LAYOUTS.of(view)
    if layout is not None and layout.slots:
        request = _read(view, layout, max_expanded_bytes)
        if request is not None:
            return request
    with parsed(hs.PredictRequest(), payload) as message:
        return decode_message(message, DecodeBudget(max_expanded_bytes))


def decode_message(message: "hs.PredictRequest", budget: DecodeBudget) -> Request:
    """Read a PredictRequest that protobuf has parsed.

    Raises:
        InvalidInput: as ``decode``.
        LimitExceeded: as ``decode``.
    """
    tensors, unreadable = decoding.decode_all(message.inputs, budget)
    spec = model_spec.read(message.model_spec)
    return _request(spec, tensors, tuple(message.output_filter), unreadable, budget)


def alignment_offset(length_bytes: int) -> int:
    """Return how far from an aligned address a payload should begin.

    The worker receives it there, so that views of it need no copy. Where the values are in a
    payload is known from the last one of that length.

    Args:
        length_bytes: of the payload.
    """
    return _LAYOUTS.alignment_offset(length_bytes)


def encode(
    outputs: Mapping[str, Value], as_content: bool, answered_by: Optional[ModelSpec] = None
) -> bytes:
    """Write a PredictResponse.

    Args:
        outputs: by name; the elements of strings are bytes.
        as_content: numbers as raw bytes; False: in typed fields.
        answered_by: goes into ``model_spec``; None leaves it out.
    """
    parts = encoding.entries(BYTES_1, outputs, as_content)
    if answered_by:
        parts.append(_spec_field(answered_by))
    return b"".join(parts)


def _read(view: memoryview, layout: Layout, max_expanded_bytes: int) -> Optional[Request]:
    """Read the inputs where they lie, and leave to protobuf those that it alone can read."""
    tensors: Dict[str, Value] = {}
    others: List[Span] = list(layout.others)
    for place in layout.slots:
        array = place.read(view, place)
        if array is None:
            others.append(place.entry)
        else:
            tensors[place.name] = Tensor(place.wire_type.dtype, array)
    context = layout.reply_context
    if not others:
        return Request(
            context.model_spec.signature_name,
            tensors,
            layout.output_filter,
            _ALL_READABLE,
            context,
        )
    budget = DecodeBudget(max_expanded_bytes)
    for place in layout.slots:
        if place.name in tensors:
            budget.note_numeric(place.source == CONTENT)
    with parsed(hs.PredictRequest(), b"".join(view[a:b] for a, b in sorted(others))) as message:
        if any(name in tensors for name in message.inputs):
            return None  # of two inputs of one name the last one counts
        more, unreadable = decoding.decode_all(message.inputs, budget)
    tensors.update(more)
    return _request(context.model_spec, tensors, layout.output_filter, unreadable, budget)


@lru_cache(maxsize=64)
def _spec_field(answered_by: ModelSpec) -> bytes:
    message = hs.ModelSpec()
    model_spec.fill(message, answered_by)
    return sized(BYTES_2, message.SerializeToString())


def _request(
    spec: ModelSpec,
    tensors: Dict[str, Value],
    output_names: Tuple[str, ...],
    unreadable: Dict[str, str],
    budget: DecodeBudget,
) -> Request:
    context = ReplyContext(spec, budget.as_content)
    return Request(spec.signature_name, tensors, output_names, unreadable, context)
