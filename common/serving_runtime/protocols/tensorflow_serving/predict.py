"""What Predict means: Hydrosphere's and TensorFlow Serving's, whatever its bytes are."""

from typing import Mapping

from serving_runtime.errors import ServingError
from serving_runtime.ipc.attributes import EMPTY
from serving_runtime.ipc.frames import Bytes
from serving_runtime.protocols.protocol import Encoded, ModelProtocol
from serving_runtime.protocols.request import Request
from serving_runtime.protocols.tensorflow_serving import protobuf_codec, wording
from serving_runtime.signature import Signature, Value


class Predict(ModelProtocol):
    """Model name and version of a request choose nothing: there is one model."""

    @classmethod
    def alignment_offset(cls, length_bytes: int) -> int:
        """Return where the values of the last request of that length would have been aligned."""
        return protobuf_codec.alignment_offset(length_bytes)

    def word(self, error: ServingError) -> str:
        """Return an error's text with what TensorFlow Serving's clients match on."""
        return wording.word(error)

    def decode(self, payload: Bytes, target: str, attributes: Mapping[str, str]) -> Request:
        """Read a PredictRequest."""
        return protobuf_codec.decode(payload, self._settings.max_expanded_bytes)

    def encode(
        self, outputs: Mapping[str, Value], request: Request, signature: Signature
    ) -> Encoded:
        """Write a PredictResponse, in the request's encoding.

        It says which model answered only where RUNTIME_REPLY_MODEL_SPEC asks for it: to
        Hydrosphere's clients that is an unknown field.
        """
        context = request.reply_context
        answered_by = None
        if self._settings.reply_model_spec:
            answered_by = context.model_spec.answered(self._contract, signature.name)
        return protobuf_codec.encode(outputs, context.as_content, answered_by), EMPTY
