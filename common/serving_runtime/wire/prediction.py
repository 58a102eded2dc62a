"""Speak tensorflow.serving.PredictionService/Predict, Hydrosphere's and TF Serving's."""

from typing import Mapping, Optional

import hydro_serving_grpc as hs
from serving_runtime.frames import Bytes
from serving_runtime.signature import Value
from serving_runtime.wire import decoding, encoding, model_spec
from serving_runtime.wire.messages import parsed
from serving_runtime.wire.model_spec import ModelSpec
from serving_runtime.wire.reading import Reading
from serving_runtime.wire.request import Request


def decode(payload: Bytes, max_expanded_bytes: int) -> Request:
    """Read a PredictRequest. Model name and version choose nothing: there is one model.

    Args:
        payload: the message as it came.
        max_expanded_bytes: how much repeated values may grow to.

    Raises:
        InvalidInput: it is no PredictRequest, or a tensor of it cannot be read.
        LimitExceeded: repeated values would grow too large.
    """
    with parsed(hs.PredictRequest(), payload) as message:
        return _request(message, Reading(max_expanded_bytes))


def encode(
    outputs: Mapping[str, Value], request: Request, answered_by: Optional[ModelSpec] = None
) -> bytes:
    """Write the PredictResponse to ``request``, in its encoding and with the outputs it wants.

    Args:
        outputs: all that the signature has.
        request: what is answered.
        answered_by: goes into ``model_spec``; None leaves it out, since to Hydrosphere's clients
            it is an unknown field.
    """
    response = hs.PredictResponse()
    for name, value in request.select(outputs).items():
        encoding.fill(response.outputs[name], value, request.as_content)
    if answered_by:
        model_spec.fill(response.model_spec, answered_by)
    return response.SerializeToString()


def _request(message: "hs.PredictRequest", reading: Reading) -> Request:
    tensors, unreadable = decoding.decode_all(message.inputs, reading)
    return Request(
        model_spec=model_spec.read(message.model_spec),
        tensors=tensors,
        as_content=reading.as_content,
        output_filter=tuple(message.output_filter),
        unreadable=unreadable,
    )
