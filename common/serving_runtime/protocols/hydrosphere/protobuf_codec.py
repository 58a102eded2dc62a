"""Read the PredictRequests of 3.x and write its PredictResponses: maps of tensors, nothing else."""

from typing import Any, Mapping

from hydro_serving_grpc.messages import message_class
from serving_runtime.protocols.hydrosphere.reply_context import ReplyContext
from serving_runtime.protocols.protobuf.scanning import BYTES_1
from serving_runtime.protocols.protobuf.tensors import decoding, encoding, layout
from serving_runtime.protocols.protobuf.tensors.budget import DecodeBudget
from serving_runtime.protocols.protobuf.tensors.form import TENSOR
from serving_runtime.protocols.protobuf.tensors.layout import Layout
from serving_runtime.protocols.protobuf.tensors.requests import RequestReader
from serving_runtime.protocols.request import Request
from serving_runtime.signature import Value

PredictRequest = message_class("hydrosphere.serving.runtime.PredictRequest")
PredictResponse = message_class("hydrosphere.serving.runtime.PredictResponse")

_INPUTS = BYTES_1


def find(view: memoryview) -> Layout:
    """Find the inputs of a request, and read everything but their values.

    Raises:
        Unusual: it is no PredictRequest, or has the form of none that clients write.
    """
    entries = layout.parts(view, (_INPUTS,))[_INPUTS]
    inputs = layout.of_inputs(view, entries, TENSOR)
    return Layout(view, inputs, ReplyContext(inputs.as_content))


def decode_message(message: Any, budget: DecodeBudget) -> Request:
    """Read a PredictRequest that protobuf has parsed.

    Raises:
        InvalidInput: a tensor of it cannot be read.
        LimitExceeded: repeated values would grow too large.
    """
    tensors, unreadable = decoding.decode_all(message.inputs, budget, TENSOR)
    return Request("", tensors, (), unreadable, ReplyContext(budget.as_content))


_READER = RequestReader(PredictRequest, TENSOR, find, decode_message)
decode = _READER.decode
alignment_offset = _READER.alignment_offset


def encode(outputs: Mapping[str, Value], as_content: bool) -> bytes:
    """Write a PredictResponse.

    Args:
        outputs: by name, none of bfloat16; the elements of strings are bytes.
        as_content: numbers as raw bytes; False: in typed fields.
    """
    return b"".join(encoding.entries(outputs, as_content, TENSOR.write_shape))
