"""Speak tensorflow.serving.PredictionService/Predict, Hydrosphere's and TF Serving's."""

from typing import Any, Mapping

from google.protobuf.message import DecodeError

import hydro_serving_grpc as hs
from serving_runtime.errors import InvalidInput
from serving_runtime.frames import Bytes
from serving_runtime.signature import Value
from serving_runtime.wire import decoding, encoding
from serving_runtime.wire.reading import Reading
from serving_runtime.wire.request import Request


def decode(payload: Bytes, max_expanded_bytes: int) -> Request:
    """Read a PredictRequest. Model name and version are ignored: there is one model.

    Args:
        payload: the message as it came.
        max_expanded_bytes: how much repeated values may grow to.

    Raises:
        InvalidInput: it is no PredictRequest, or a tensor of it cannot be read.
        LimitExceeded: repeated values would grow too large.
    """
    try:
        return _request(_parse(payload), Reading(max_expanded_bytes))
    except UnicodeDecodeError:  # protobuf 4.22 to 4.24 find it only when the name is read
        raise InvalidInput("not a PredictRequest: a name is not UTF-8") from None


def encode(outputs: Mapping[str, Value], request: Request) -> bytes:
    """Write the PredictResponse to ``request``, in its encoding and with the outputs it wants.

    It has no ``model_spec``: to Hydrosphere's clients that is an unknown field.

    Raises:
        InvalidInput: the request's ``output_filter`` names an output that there is not.
    """
    response = hs.PredictResponse()
    for name, value in request.select(outputs).items():
        encoding.fill(response.outputs[name], value, request.as_content)
    return response.SerializeToString()


def _parse(payload: Bytes) -> "hs.PredictRequest":
    message = hs.PredictRequest()
    # Any buffer but a bytearray will do, which protobuf 4 refuses.
    buffer: Any = memoryview(payload) if isinstance(payload, bytearray) else payload
    try:
        consumed = message.ParseFromString(buffer)
    except (DecodeError, RecursionError) as problem:
        raise InvalidInput(f"not a PredictRequest: {problem}") from None
    if consumed < len(payload):  # protobuf 3 stops at a group's end and says so by this only
        raise InvalidInput(
            f"not a PredictRequest: it ends after {consumed} of {len(payload)} bytes"
        )
    return message


def _request(message: "hs.PredictRequest", reading: Reading) -> Request:
    tensors, unreadable = decoding.decode_all(message.inputs, reading)
    return Request(
        signature_name=message.model_spec.signature_name,
        tensors=tensors,
        as_content=reading.as_content,
        output_filter=tuple(message.output_filter),
        unreadable=unreadable,
    )
