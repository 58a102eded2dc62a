"""Answer tensorflow.serving.PredictionService/GetModelMetadata from the contract alone.

See: tensorflow_serving/servables/tensorflow/get_model_metadata_impl.cc in
https://github.com/tensorflow/serving
"""

from typing import Any, Iterable, Mapping, Sequence

from hydro_serving_grpc.messages import message_class
from serving_runtime.contract.types import DTYPE_NUMBERS
from serving_runtime.errors import InvalidInput, ServingError
from serving_runtime.ipc.attributes import EMPTY
from serving_runtime.ipc.frames import Bytes
from serving_runtime.protocols.protobuf.parsing import parsed
from serving_runtime.protocols.protocol import ContractProtocol, Encoded
from serving_runtime.protocols.tensorflow_serving import model_spec, wording
from serving_runtime.protocols.tensorflow_serving.model_spec import ModelSpec
from serving_runtime.protocols.tensorflow_serving.purposes import PREDICT_METHOD
from serving_runtime.signature import Contract, Field, Signature
from serving_runtime.validation.problems import shortened

SIGNATURE_DEF = "signature_def"

_Request = message_class("tensorflow.serving.GetModelMetadataRequest")
_Response = message_class("tensorflow.serving.GetModelMetadataResponse")
_SignatureDefMap = message_class("tensorflow.serving.SignatureDefMap")


class Metadata(ContractProtocol):
    """What GetModelMetadata asks for: the signatures, as SignatureDefs."""

    @classmethod
    def alignment_offset(cls, length_bytes: int) -> int:
        """Return 0: there are no values in such a request."""
        return 0

    def word(self, error: ServingError) -> str:
        """Return an error's text with what TensorFlow Serving's clients match on."""
        return wording.word(error)

    def answer(self, payload: Bytes, target: str, attributes: Mapping[str, str]) -> Encoded:
        """Return the GetModelMetadataResponse to a GetModelMetadataRequest."""
        return answer(payload, self._contract), EMPTY


def answer(payload: Bytes, contract: Contract) -> bytes:
    """Return the GetModelMetadataResponse to a GetModelMetadataRequest.

    Args:
        payload: the request as it came.
        contract: of the served model.

    Raises:
        InvalidInput: it is no such request, or asks for nothing or for what there is not; in the
            words of TensorFlow Serving.
    """
    with parsed(_Request(), payload) as request:
        _check(request.metadata_field)
        asked = model_spec.read(request.model_spec)
    return bytes(response(contract, asked).SerializeToString(deterministic=True))


def response(contract: Contract, asked: ModelSpec) -> Any:
    """Return what is to be said of a model as a message, which each codec writes in its form."""
    message = _Response()
    model_spec.fill(message.model_spec, asked.answered(contract))
    message.metadata[SIGNATURE_DEF].Pack(_signatures(contract), deterministic=True)
    return message


def _check(wanted: Sequence[str]) -> None:
    if not wanted:
        raise InvalidInput("GetModelMetadataRequest must specify at least one metadata_field")
    for name in wanted:
        if name != SIGNATURE_DEF:
            raise InvalidInput(f"Metadata field {shortened(name)} is not supported")


def _signatures(contract: Contract) -> Any:
    message = _SignatureDefMap()
    for signature in contract.signatures:
        _fill_signature(message.signature_def[signature.name], signature)
    return message


def _fill_signature(message: Any, signature: Signature) -> None:
    message.method_name = signature.method or PREDICT_METHOD
    _fill_tensors(message.inputs, signature.inputs + signature.optional_inputs)
    for field in signature.optional_inputs:
        _fill_default(message.defaults[field.name])
    _fill_tensors(message.outputs, signature.outputs)


def _fill_default(tensor: Any) -> None:
    """Write that nothing is missing where a request does not say otherwise."""
    tensor.dtype = DTYPE_NUMBERS["bool"]
    tensor.tensor_shape.SetInParent()
    tensor.bool_val.append(False)


def _fill_tensors(tensors: Mapping[str, Any], fields: Iterable[Field]) -> None:
    for field in fields:
        info = tensors[field.name]
        info.name = field.tensor or field.name
        info.dtype = DTYPE_NUMBERS[field.dtype]
        info.tensor_shape.SetInParent()  # a scalar's shape is present and empty
        info.tensor_shape.unknown_rank = field.shape is None
        for size in field.shape or ():
            info.tensor_shape.dim.add(size=size)
