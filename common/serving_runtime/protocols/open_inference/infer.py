"""What ModelInfer means, and ModelStreamInfer, of which each message is an inference of its own."""

from typing import Mapping

from serving_runtime.errors import ServingError, Unimplemented
from serving_runtime.ipc.attributes import EMPTY
from serving_runtime.ipc.frames import Bytes
from serving_runtime.protocols.open_inference import (
    carried,
    protobuf_codec,
    served,
    stream,
    wording,
)
from serving_runtime.protocols.protocol import Encoded, ModelProtocol
from serving_runtime.protocols.request import Request
from serving_runtime.settings import Settings
from serving_runtime.signature import Contract, Signature, Value


class Infer(ModelProtocol):
    """A request names the model: another one is NOT_FOUND."""

    def __init__(self, contract: Contract, settings: Settings) -> None:
        super().__init__(contract, settings)
        self._names = served.names_of(contract, settings)
        self._head = protobuf_codec.model_head(self._names.name, self._names.version)
        self._uncarried = carried.reasons(contract)

    @classmethod
    def alignment_offset(cls, length_bytes: int) -> int:
        """Return where the values of the last request of that length would have been aligned."""
        return protobuf_codec.alignment_offset(length_bytes)

    def word(self, error: ServingError) -> str:
        """Return an error's text with the datatypes of this protocol."""
        return wording.word(error)

    def decode(self, payload: Bytes, target: str, attributes: Mapping[str, str]) -> Request:
        """Read a ModelInferRequest."""
        request = protobuf_codec.decode(payload, self._settings.max_expanded_bytes)
        context = request.reply_context
        self._names.check(context.model_name, context.model_version)
        if request.signature_name in self._uncarried:
            raise Unimplemented(self._uncarried[request.signature_name])
        return request

    def encode(
        self, outputs: Mapping[str, Value], request: Request, signature: Signature
    ) -> Encoded:
        """Write a ModelInferResponse, in the request's form."""
        return protobuf_codec.encode(outputs, request.reply_context, self._head), EMPTY


class StreamInfer(Infer):
    """Replies and failures are whole messages of the stream, which goes on after either."""

    def __init__(self, contract: Contract, settings: Settings) -> None:
        super().__init__(contract, settings)
        self._head += stream.FINAL_RESPONSE

    def encode(
        self, outputs: Mapping[str, Value], request: Request, signature: Signature
    ) -> Encoded:
        """Write a ModelStreamInferResponse, in the request's form."""
        response = protobuf_codec.encode(outputs, request.reply_context, self._head)
        return stream.reply(response), EMPTY

    def failure(self, payload: Bytes, details: str) -> Bytes:
        """Write a ModelStreamInferResponse that says what went wrong, with the request's id."""
        return stream.failure(protobuf_codec.identity_of(payload), details)
