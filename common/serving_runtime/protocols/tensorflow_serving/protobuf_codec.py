"""Read PredictRequests and write PredictResponses, where they lie and as protobuf does."""

from functools import lru_cache
from typing import Mapping, Optional

import hydro_serving_grpc as hs
from serving_runtime.protocols.protobuf.scanning import BYTES_2, sized
from serving_runtime.protocols.protobuf.tensors import decoding, encoding
from serving_runtime.protocols.protobuf.tensors.budget import DecodeBudget
from serving_runtime.protocols.protobuf.tensors.form import TENSOR_PROTO
from serving_runtime.protocols.protobuf.tensors.requests import RequestReader
from serving_runtime.protocols.request import Request
from serving_runtime.protocols.tensorflow_serving import layout, model_spec
from serving_runtime.protocols.tensorflow_serving.model_spec import ModelSpec
from serving_runtime.protocols.tensorflow_serving.reply_context import ReplyContext
from serving_runtime.signature import Value


def decode_message(message: "hs.PredictRequest", budget: DecodeBudget) -> Request:
    """Read a PredictRequest that protobuf has parsed.

    Raises:
        InvalidInput: a tensor of it cannot be read.
        LimitExceeded: repeated values would grow too large.
    """
    tensors, unreadable = decoding.decode_all(message.inputs, budget)
    spec = model_spec.read(message.model_spec)
    context = ReplyContext(spec, budget.as_content)
    names = tuple(message.output_filter)
    return Request(spec.signature_name, tensors, names, unreadable, context)


_READER = RequestReader(hs.PredictRequest, TENSOR_PROTO, layout.find, decode_message)
decode = _READER.decode
alignment_offset = _READER.alignment_offset


def encode(
    outputs: Mapping[str, Value], as_content: bool, answered_by: Optional[ModelSpec] = None
) -> bytes:
    """Write a PredictResponse.

    Args:
        outputs: by name; the elements of strings are bytes.
        as_content: numbers as raw bytes; False: in typed fields.
        answered_by: goes into ``model_spec``; None leaves it out.
    """
    parts = encoding.entries(outputs, as_content, TENSOR_PROTO.write_shape)
    if answered_by:
        parts.append(_spec_field(answered_by))
    return b"".join(parts)


@lru_cache(maxsize=64)
def _spec_field(answered_by: ModelSpec) -> bytes:
    message = hs.ModelSpec()
    model_spec.fill(message, answered_by)
    return sized(BYTES_2, message.SerializeToString())
