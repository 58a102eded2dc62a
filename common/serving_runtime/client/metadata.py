"""Ask a running service what it takes and returns, as clients of TensorFlow Serving do."""

from typing import Any, Container, Tuple

import grpc

from serving_runtime import client, operations
from serving_runtime.client.connection import PLAINTEXT, ConnectionOptions
from serving_runtime.errors import StartError
from serving_runtime.signature import FREE, MAP, Contract, Field, Signature

SIGNATURE_DEF = "signature_def"


def ask(
    address: str,
    method: str,
    payload: bytes,
    deadline_seconds: float,
    options: ConnectionOptions = PLAINTEXT,
) -> bytes:
    """Make one call, bytes both ways.

    Raises:
        StartError: it failed; the text is the status and the service's own words.
    """
    with options.channel(address, client.channel_options(address)) as channel:
        call = channel.unary_unary(method, None, None)  # messages stay bytes
        try:
            return bytes(call(payload, timeout=deadline_seconds, metadata=options.metadata))
        except grpc.RpcError as error:
            problem = f"{address}: {error.code().name}: {error.details()}"
            hint = options.hint(error.code().name, error.details() or "", address)
    raise StartError(problem, hint)


def contract(
    address: str, deadline_seconds: float, options: ConnectionOptions = PLAINTEXT
) -> Contract:
    """Return the contract that a service publishes.

    Raises:
        StartError: it does not answer, or publishes too little to make a request of.
    """
    from hydro_serving_grpc.messages import message_class

    request = message_class("tensorflow.serving.GetModelMetadataRequest")()
    request.metadata_field.append(SIGNATURE_DEF)
    payload = request.SerializeToString()
    answer = ask(
        address, operations.GET_MODEL_METADATA.grpc_method, payload, deadline_seconds, options
    )
    metadata = message_class("tensorflow.serving.GetModelMetadataResponse").FromString(answer)
    signatures = message_class("tensorflow.serving.SignatureDefMap")()
    signatures.ParseFromString(metadata.metadata[SIGNATURE_DEF].value)
    named = sorted(signatures.signature_def.items())
    return Contract(metadata.model_spec.name, tuple(_signature(*it) for it in named))


def _signature(name: str, published: Any) -> Signature:
    inputs = _fields(published.inputs, published.defaults)
    return Signature(name, inputs, _fields(published.outputs), published.method_name)


def _fields(tensors: Any, left_out: Container[str] = ()) -> Tuple[Field, ...]:
    found = sorted(tensors.items())
    return tuple(_field(name, info) for name, info in found if name not in left_out)


def _field(name: str, info: Any) -> Field:
    from serving_runtime.contract.types import DTYPES

    dtype = DTYPES.get(info.dtype, "")
    if dtype in ("", MAP):
        problem = f'the service does not tell what its field "{name}" holds'
        raise StartError(f"{problem}: give its contract with --contract MODEL_DIR")
    shape = tuple(max(FREE, dim.size) for dim in info.tensor_shape.dim)
    return Field(name, dtype, None if info.tensor_shape.unknown_rank else shape)
