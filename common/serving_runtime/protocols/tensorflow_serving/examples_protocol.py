"""What Classify and Regress share: examples in, one result for each example out."""

import abc
from typing import Any, ClassVar, Dict, Mapping, NamedTuple, Tuple

from serving_runtime import validation
from serving_runtime.errors import InvalidInput, ServingError
from serving_runtime.ipc.attributes import EMPTY
from serving_runtime.ipc.frames import Bytes
from serving_runtime.model import Arrays
from serving_runtime.protocols.protobuf.parsing import parsed
from serving_runtime.protocols.protobuf.tensors.budget import DecodeBudget
from serving_runtime.protocols.protocol import Encoded, ModelProtocol
from serving_runtime.protocols.request import Request
from serving_runtime.protocols.tensorflow_serving import examples, model_spec, wording
from serving_runtime.protocols.tensorflow_serving.model_spec import ModelSpec
from serving_runtime.protocols.tensorflow_serving.purposes import INPUTS, Purpose
from serving_runtime.settings import Settings
from serving_runtime.signature import Contract, Signature, Tensor, Value


class ExamplesContext(NamedTuple):
    """What a reply must know of its request: which model was asked, and how many examples."""

    asked: ModelSpec
    examples: int


class ExamplesProtocol(ModelProtocol):
    """Calls signatures of one purpose on serialised examples.

    Model name and version of a request choose nothing: there is one model.

    Attributes:
        purpose: the signatures that can be called.
        request_type: the message of a request, with its examples as bytes.
        response_type: the message of a reply, which has a ``result`` and a ``model_spec``.
    """

    purpose: ClassVar[Purpose]
    request_type: ClassVar[Any]
    response_type: ClassVar[Any]

    def __init__(self, contract: Contract, settings: Settings) -> None:
        super().__init__(contract, settings)
        self._signatures = validation.by_requested_name(contract)
        # By signature, the outputs that are asked for: none where those are all that it has.
        self._asked: Dict[str, Tuple[str, ...]] = {}
        self._refusals: Dict[str, str] = {}
        for signature in contract.signatures:
            refusal = self.purpose.refusal_of(signature)
            if refusal:
                self._refusals[signature.name] = refusal
            known = self.purpose.outputs_of(signature)
            self._asked[signature.name] = known if len(known) < len(signature.outputs) else ()

    @classmethod
    def alignment_offset(cls, length_bytes: int) -> int:
        """Return 0: examples are copied from the request."""
        return 0

    def word(self, error: ServingError) -> str:
        """Return an error's text with what TensorFlow Serving's clients match on."""
        return wording.word(error)

    def decode(self, payload: Bytes, target: str, attributes: Mapping[str, str]) -> Request:
        """Read a request."""
        with parsed(self.request_type(), payload) as message:
            asked = model_spec.read(message.model_spec)
            self.choose(asked)
            budget = DecodeBudget(self._settings.max_expanded_bytes)
            return self.request(asked, examples.read(message.input, budget))

    def choose(self, asked: ModelSpec) -> Signature:
        """Return the signature that a request means.

        Raises:
            InvalidInput: there is none, or it has another purpose.
        """
        name = asked.signature_name
        signature = self._signatures.get(name)
        if signature is None:
            signature = validation.choose_signature(self._contract, name)
        if signature.name in self._refusals:
            raise InvalidInput(self._refusals[signature.name])
        return signature

    def request(self, asked: ModelSpec, taken: Tensor) -> Request:
        """Return the request for a signature that can be chosen, with these examples."""
        asked_outputs = self._asked[self.choose(asked).name]
        context = ExamplesContext(asked, len(taken.array))
        return Request(asked.signature_name, {INPUTS: taken}, asked_outputs, reply_context=context)

    def encode(
        self, outputs: Mapping[str, Value], request: Request, signature: Signature
    ) -> Encoded:
        """Write a reply; it always says who answered, as TensorFlow Serving's does."""
        message = self.response_type()
        self.fill(message.result, outputs, request)
        self.fill_spec(message.model_spec, request, signature)
        return message.SerializeToString(), EMPTY

    def fill_spec(self, proto: Any, request: Request, signature: Signature) -> None:
        """Write who answers a request into an empty ModelSpec."""
        asked = request.reply_context.asked
        model_spec.fill(proto, asked.answered(self._contract, signature.name))

    def fill(self, result: Any, outputs: Mapping[str, Value], request: Request) -> None:
        """Write the result of a call into an empty message.

        Raises:
            InvalidInput: the outputs are not one for each example.
            BrokenResult: an output is none that the message can hold.
        """
        result.SetInParent()
        arrays = {name: it.array for name, it in outputs.items() if isinstance(it, Tensor)}
        self._fill(result, arrays, request.reply_context.examples)

    @abc.abstractmethod
    def _fill(self, result: Any, outputs: Arrays, count: int) -> None:
        """Write the outputs for so many examples into an empty message.

        Raises:
            InvalidInput: the outputs are not one for each example.
            BrokenResult: an output is none that the message can hold.
        """


def shape_text(shape: Tuple[int, ...]) -> str:
    """Write a shape as TensorFlow's messages do, without spaces."""
    return f"[{','.join(map(str, shape))}]"
