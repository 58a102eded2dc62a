"""The client's half of Predict: write requests, read responses."""

from typing import Dict, Mapping

import hydro_serving_grpc as hs
from serving_runtime.protocols.protobuf.tensors import decoding, encoding
from serving_runtime.protocols.protobuf.tensors.budget import DecodeBudget
from serving_runtime.signature import Value


def write_request(signature_name: str, inputs: Mapping[str, Value], as_content: bool) -> bytes:
    """Return the bytes of a PredictRequest.

    Args:
        signature_name: empty for the only signature or ``serving_default``.
        inputs: by name; the elements of strings are bytes.
        as_content: numbers as raw bytes; False: in typed fields.
    """
    request = hs.PredictRequest()
    request.model_spec.signature_name = signature_name
    for name, value in inputs.items():
        encoding.fill(request.inputs[name], value, as_content)
    return bytes(request.SerializeToString())


def read_response(payload: bytes, max_expanded_bytes: int) -> Dict[str, Value]:
    """Return the outputs of a PredictResponse.

    Args:
        payload: the message as it came.
        max_expanded_bytes: how much repeated values may grow to.

    Raises:
        InvalidInput: an output cannot be read.
        LimitExceeded: repeated values would grow too large.
    """
    response = hs.PredictResponse.FromString(payload)
    budget = DecodeBudget(max_expanded_bytes)
    return {name: decoding.decode(response.outputs[name], budget) for name in response.outputs}
