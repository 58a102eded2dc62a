"""Answer hydrosphere.serving.runtime.PredictionService/Predict."""

from typing import Mapping

from serving_runtime import validation
from serving_runtime.errors import ServingError, Unimplemented
from serving_runtime.ipc.attributes import EMPTY
from serving_runtime.ipc.frames import Bytes
from serving_runtime.protocols.hydrosphere import bfloat16, protobuf_codec, wording
from serving_runtime.protocols.protocol import Encoded, ModelProtocol
from serving_runtime.protocols.request import Request
from serving_runtime.settings import Settings
from serving_runtime.signature import Contract, Signature, Value


class Predict(ModelProtocol):
    """One signature, all of its outputs: a request of 3.x has inputs and nothing else."""

    def __init__(self, contract: Contract, settings: Settings) -> None:
        super().__init__(contract, settings)
        signature = validation.by_requested_name(contract).get("")
        fields = bfloat16.in_signature(signature) if signature else ()
        self._refusal = wording.not_carried(fields) if fields else ""
        self._may_return_bfloat16 = signature is not None and bfloat16.may_be_returned(signature)

    @classmethod
    def alignment_offset(cls, length_bytes: int) -> int:
        """Return where the values of the last request of that length would have been aligned."""
        return protobuf_codec.alignment_offset(length_bytes)

    def word(self, error: ServingError) -> str:
        """Return an error's text as clients of 3.x can act on it."""
        return wording.word(error)

    def decode(self, payload: Bytes, target: str, attributes: Mapping[str, str]) -> Request:
        """Read a PredictRequest.

        Raises:
            Unimplemented: the signature is of what no tensor of 3.x can hold.
        """
        if self._refusal:
            raise Unimplemented(self._refusal)
        return protobuf_codec.decode(payload, self._settings.max_expanded_bytes)

    def encode(
        self, outputs: Mapping[str, Value], request: Request, signature: Signature
    ) -> Encoded:
        """Write a PredictResponse, in the request's encoding.

        Raises:
            Unimplemented: where anything goes, the model gave what no tensor of 3.x can hold.
        """
        if self._may_return_bfloat16:
            paths = bfloat16.in_outputs(outputs)
            if paths:
                raise Unimplemented(wording.not_carried([f'output "{path}"' for path in paths]))
        return protobuf_codec.encode(outputs, request.reply_context.as_content), EMPTY
