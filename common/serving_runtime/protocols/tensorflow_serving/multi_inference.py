"""What MultiInference means: several signatures answer the same examples.

TensorFlow Serving runs them at once; here each is a call of the model, one after the other.

See: tensorflow_serving/servables/tensorflow/multi_inference.cc in
https://github.com/tensorflow/serving
"""

from typing import Dict, Iterable, List, Mapping, Sequence, Set, Tuple, Type

from hydro_serving_grpc.messages import message_class
from serving_runtime.errors import InvalidInput, ServingError, Unimplemented
from serving_runtime.ipc.attributes import EMPTY
from serving_runtime.ipc.frames import Bytes
from serving_runtime.protocols.protobuf.parsing import parsed
from serving_runtime.protocols.protobuf.tensors.budget import DecodeBudget
from serving_runtime.protocols.protocol import CompositeProtocol, Encoded, ModelProtocol
from serving_runtime.protocols.request import Request
from serving_runtime.protocols.tensorflow_serving import examples, model_spec, wording
from serving_runtime.protocols.tensorflow_serving.classify import Classify
from serving_runtime.protocols.tensorflow_serving.examples_protocol import ExamplesProtocol
from serving_runtime.protocols.tensorflow_serving.model_spec import ModelSpec
from serving_runtime.protocols.tensorflow_serving.regress import Regress
from serving_runtime.settings import Settings
from serving_runtime.signature import Contract, Signature, Tensor, Value
from serving_runtime.validation.problems import shortened

_Request = message_class("runtime.examples.MultiInferenceRequest")
_InferenceTask = message_class("tensorflow.serving.InferenceTask")
_Response = message_class("tensorflow.serving.MultiInferenceResponse")
# Where a result of each kind stands in an InferenceResult.
_RESULTS: Dict[Type[ExamplesProtocol], str] = {
    Classify: "classification_result",
    Regress: "regression_result",
}


class MultiInference(CompositeProtocol):
    """Calls signatures that classify, and those that give numbers, on the same examples."""

    def __init__(self, contract: Contract, settings: Settings) -> None:
        super().__init__(contract, settings)
        self._by_method = {kind.purpose.method: kind(contract, settings) for kind in _RESULTS}

    @classmethod
    def alignment_offset(cls, length_bytes: int) -> int:
        """Return 0: examples are copied from the request."""
        return 0

    def word(self, error: ServingError) -> str:
        """Return an error's text with what TensorFlow Serving's clients match on."""
        return wording.word(error)

    def parts(
        self, payload: Bytes, target: str, attributes: Mapping[str, str]
    ) -> Sequence[ModelProtocol]:
        """Read a MultiInferenceRequest, and return its tasks.

        Raises:
            InvalidInput: it is none, or a task names another model, or a signature that is none for
                its method, or that another task names as well.
            Unimplemented: a task's method is neither to classify nor to regress.
            LimitExceeded: it would grow beyond its budget.
        """
        with parsed(_Request(), payload) as message:
            called = self._called(message.tasks)
            taken = examples.read(message.input, DecodeBudget(self._settings.max_expanded_bytes))
        return [self._task(protocol, asked, taken) for protocol, asked in called]

    def _task(self, protocol: ExamplesProtocol, asked: ModelSpec, taken: Tensor) -> "_Task":
        # A model may change what it is given: each call has an array of its own.
        own = Tensor(taken.dtype, taken.array.copy())
        return _Task(self._contract, self._settings, protocol, protocol.request(asked, own))

    def _called(self, tasks: Iterable[bytes]) -> List[Tuple[ExamplesProtocol, ModelSpec]]:
        """Return what answers each task; one that is wrong ends it, however many follow."""
        called: List[Tuple[ExamplesProtocol, ModelSpec]] = []
        seen: Set[str] = set()
        for payload in tasks:
            with parsed(_InferenceTask(), payload) as task:
                asked, method = model_spec.read(task.model_spec), task.method_name
            if called and asked.name != called[0][1].name:
                raise InvalidInput(
                    "All ModelSpecs in a MultiInferenceRequest must access the same model name."
                )
            protocol = self._of_method(method)
            name = protocol.choose(asked).name
            if name in seen:
                raise InvalidInput(
                    f"two tasks call one signature: Duplicate evaluation of signature: {name}"
                )
            seen.add(name)
            called.append((protocol, asked))
        if not called:
            raise InvalidInput("a MultiInferenceRequest needs a task: it has none")
        return called

    def _of_method(self, method: str) -> ExamplesProtocol:
        if method not in self._by_method:
            raise Unimplemented(
                f"a task's method is one of {', '.join(self._by_method)}, all else is called with "
                f"Predict: Unsupported signature method_name: {shortened(method)}"
            )
        return self._by_method[method]


class _Task(ModelProtocol):
    """One task of a request that has been read, and its result in the reply."""

    def __init__(
        self, contract: Contract, settings: Settings, protocol: ExamplesProtocol, request: Request
    ) -> None:
        super().__init__(contract, settings)
        self._protocol = protocol
        self._request = request

    @classmethod
    def alignment_offset(cls, length_bytes: int) -> int:
        """Return 0: the request has been read."""
        return 0

    def word(self, error: ServingError) -> str:
        """Return an error's text with what TensorFlow Serving's clients match on."""
        return wording.word(error)

    def decode(self, payload: Bytes, target: str, attributes: Mapping[str, str]) -> Request:
        """Return the request."""
        return self._request

    def encode(
        self, outputs: Mapping[str, Value], request: Request, signature: Signature
    ) -> Encoded:
        """Write a MultiInferenceResponse with this one result."""
        response = _Response()
        result = response.results.add()
        self._protocol.fill_spec(result.model_spec, request, signature)
        written = getattr(result, _RESULTS[type(self._protocol)])
        self._protocol.fill(written, outputs, request)
        return response.SerializeToString(), EMPTY
