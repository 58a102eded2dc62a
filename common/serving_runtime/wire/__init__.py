"""Turn bytes into arrays and back, one module a protocol, looked up by full method name."""

from typing import Callable, Dict, Mapping, NamedTuple, Optional

from serving_runtime import methods
from serving_runtime.frames import Bytes
from serving_runtime.signature import Contract, Value
from serving_runtime.wire import metadata, prediction
from serving_runtime.wire.model_spec import ModelSpec
from serving_runtime.wire.request import Request

__all__ = ["CONTRACT_ANSWERS", "PROTOCOLS", "ModelSpec", "Protocol", "Request"]


class Protocol(NamedTuple):
    """How one method's requests are read and its replies written.

    ``decode(payload, max_expanded_bytes)`` raises InvalidInput or LimitExceeded;
    ``encode(outputs, request, answered_by)`` names the model that answered, unless it is None.
    """

    decode: Callable[[Bytes, int], Request]
    encode: Callable[[Mapping[str, Value], Request, Optional[ModelSpec]], bytes]


PROTOCOLS: Dict[str, Protocol] = {
    methods.PREDICT: Protocol(prediction.decode, prediction.encode),
}

# Methods that the contract alone answers: the request's bytes and the contract make the reply's;
# they raise InvalidInput.
CONTRACT_ANSWERS: Dict[str, Callable[[Bytes, Contract], bytes]] = {
    methods.GET_MODEL_METADATA: metadata.answer,
}
