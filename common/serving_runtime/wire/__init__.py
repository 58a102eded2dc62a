"""Turn bytes into arrays and back, one module a protocol, looked up by full method name."""

from typing import Callable, Dict, Mapping, NamedTuple

from serving_runtime import methods
from serving_runtime.frames import Bytes
from serving_runtime.signature import Value
from serving_runtime.wire import prediction
from serving_runtime.wire.request import Request

__all__ = ["PROTOCOLS", "Protocol", "Request"]


class Protocol(NamedTuple):
    """How one method's requests are read and its replies written.

    ``decode(payload, max_expanded_bytes)`` raises InvalidInput or LimitExceeded;
    ``encode(outputs, request)`` raises InvalidInput where the request asks for no such output.
    """

    decode: Callable[[Bytes, int], Request]
    encode: Callable[[Mapping[str, Value], Request], bytes]


PROTOCOLS: Dict[str, Protocol] = {
    methods.PREDICT: Protocol(prediction.decode, prediction.encode),
}
