"""Turn bytes into arrays and back, one module a protocol, looked up by the operation's key."""

from typing import Callable, Dict, Mapping, NamedTuple, Optional

from serving_runtime import operations
from serving_runtime.ipc.frames import Bytes
from serving_runtime.protocols.request import Request
from serving_runtime.protocols.tensorflow_serving import metadata, predict
from serving_runtime.protocols.tensorflow_serving.model_spec import ModelSpec
from serving_runtime.signature import Contract, Value

__all__ = ["CONTRACT_ANSWERS", "PROTOCOLS", "ModelSpec", "Protocol", "Request", "alignment_offset"]


class Protocol(NamedTuple):
    """How one operation's requests are read and its replies written.

    ``decode(payload, max_expanded_bytes)`` raises InvalidInput or LimitExceeded;
    ``encode(outputs, request, answered_by)`` names the model that answered, unless it is None.
    """

    decode: Callable[[Bytes, int], Request]
    encode: Callable[[Mapping[str, Value], Request, Optional[ModelSpec]], bytes]


PROTOCOLS: Dict[str, Protocol] = {
    operations.PREDICT.key: Protocol(predict.decode, predict.encode),
}


def alignment_offset(operation_key: str, length_bytes: int) -> int:
    """Return how far after an aligned address an operation's payload of that length should begin.

    Its arrays are then aligned, and views of them need no copy.
    """
    return predict.alignment_offset(length_bytes) if operation_key in PROTOCOLS else 0


# Operations that the contract alone answers: the request's bytes and the contract make the reply's;
# they raise InvalidInput.
CONTRACT_ANSWERS: Dict[str, Callable[[Bytes, Contract], bytes]] = {
    operations.GET_MODEL_METADATA.key: metadata.answer,
}
