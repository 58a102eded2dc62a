"""What inference over REST means: as ModelInfer, but the path has the model's name and version."""

from typing import FrozenSet, Mapping

from serving_runtime import validation
from serving_runtime.errors import ServingError, Unimplemented
from serving_runtime.ipc.attributes import MODEL_VERSION
from serving_runtime.ipc.frames import Bytes
from serving_runtime.protocols.open_inference import (
    carried,
    json_codec,
    json_replies,
    served,
    wording,
)
from serving_runtime.protocols.open_inference.json_recent import RecentRequests
from serving_runtime.protocols.protocol import Encoded, ModelProtocol
from serving_runtime.protocols.request import Request
from serving_runtime.settings import Settings
from serving_runtime.signature import Contract, Signature, Value


class RestInfer(ModelProtocol):
    """An inference request in JSON, with binary data or without."""

    def __init__(self, contract: Contract, settings: Settings) -> None:
        super().__init__(contract, settings)
        self._names = served.names_of(contract, settings)
        self._head = json_replies.model_head(self._names.name, self._names.version)
        self._uncarried = carried.reasons(contract)
        self._nullable = _nullable(contract)
        self._recent = RecentRequests(self._nullable)

    @classmethod
    def alignment_offset(cls, length_bytes: int) -> int:
        """Return where the values of the last request of that length would have been aligned."""
        return json_codec.alignment_offset(length_bytes)

    def word(self, error: ServingError) -> str:
        """Return an error's text with the datatypes of this protocol."""
        return wording.word_rest(error)

    def decode(self, payload: Bytes, target: str, attributes: Mapping[str, str]) -> Request:
        """Read an inference request."""
        self._names.check(target, attributes.get(MODEL_VERSION, ""))
        request = json_codec.decode(
            payload,
            attributes,
            self._nullable,
            self._settings.max_expanded_bytes,
            self._recent,
        )
        if request.signature_name in self._uncarried:
            raise Unimplemented(self._uncarried[request.signature_name])
        return request

    def encode(
        self, outputs: Mapping[str, Value], request: Request, signature: Signature
    ) -> Encoded:
        """Write an inference response, with binary data where the request asks for it."""
        return json_replies.encode(outputs, request.reply_context, self._head)


def _nullable(contract: Contract) -> Mapping[str, FrozenSet[str]]:
    """Return the inputs that may have missing values, by the names that choose a signature."""
    return {
        name: frozenset(nullable.name for nullable in signature.nullable)
        for name, signature in validation.by_requested_name(contract).items()
    }
