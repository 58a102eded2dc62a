"""Answer GET …/metadata of TensorFlow Serving's REST: the signatures, as SignatureDefs in JSON.

It is what protobuf makes of GetModelMetadata's reply, with the names as the messages have them:
numbers of 64 bits are texts there.
"""

import json
from typing import Any, Dict, Iterable, Mapping

import hydro_serving_grpc as hs
from serving_runtime.contract.types import DTYPE_NUMBERS
from serving_runtime.errors import ServingError
from serving_runtime.ipc.frames import Bytes
from serving_runtime.protocols.protocol import ContractProtocol, Encoded
from serving_runtime.protocols.tensorflow_serving import rest_served, wording
from serving_runtime.protocols.tensorflow_serving.metadata import SIGNATURE_DEF
from serving_runtime.protocols.tensorflow_serving.purposes import PREDICT_METHOD
from serving_runtime.settings import Settings
from serving_runtime.signature import Contract, Field, Signature


class RestMetadata(ContractProtocol):
    """What is asked of one model by its path; the answer is the same each time."""

    def __init__(self, contract: Contract, settings: Settings) -> None:
        super().__init__(contract, settings)
        self._names = rest_served.names_of(contract, settings)
        text = json.dumps(
            {
                "model_spec": {
                    "name": self._names.name,
                    "signature_name": "",
                    "version": self._names.version,
                },
                "metadata": {SIGNATURE_DEF: {SIGNATURE_DEF: _signatures(contract)}},
            },
            ensure_ascii=False,
        )
        self._answer = text.encode("utf-8", "replace"), rest_served.OF_JSON

    @classmethod
    def alignment_offset(cls, length_bytes: int) -> int:
        """Return 0: there are no values in such a request."""
        return 0

    def word(self, error: ServingError) -> str:
        """Return an error's text with what TensorFlow Serving's clients match on."""
        return wording.word(error)

    def answer(self, payload: Bytes, target: str, attributes: Mapping[str, str]) -> Encoded:
        """Return what is known of the model that the path names."""
        rest_served.check(self._names, target, attributes)
        return self._answer


def _signatures(contract: Contract) -> Dict[str, Any]:
    return {signature.name: _signature(signature) for signature in contract.signatures}


def _signature(signature: Signature) -> Dict[str, Any]:
    written = {
        "inputs": _tensors(signature.inputs + signature.optional_inputs),
        "outputs": _tensors(signature.outputs),
        "method_name": signature.method or PREDICT_METHOD,
    }
    if signature.optional_inputs:  # nothing is missing where a request does not say otherwise
        written["defaults"] = {
            field.name: {
                "dtype": "DT_BOOL",
                "tensor_shape": {"dim": [], "unknown_rank": False},
                "bool_val": [False],
            }
            for field in signature.optional_inputs
        }
    return written


def _tensors(fields: Iterable[Field]) -> Dict[str, Any]:
    return {field.name: _tensor(field) for field in fields}


def _tensor(field: Field) -> Dict[str, Any]:
    return {
        "dtype": hs.DataType.Name(DTYPE_NUMBERS[field.dtype]),
        "tensor_shape": {
            "dim": [{"size": str(size), "name": ""} for size in field.shape or ()],
            "unknown_rank": field.shape is None,
        },
        "name": field.tensor or field.name,
    }
