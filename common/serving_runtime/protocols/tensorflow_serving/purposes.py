"""Know which signatures classify examples, and which give a number for each.

TensorFlow 1.x writes a signature's purpose into the SavedModel, as its method. TensorFlow 2.x names
one method for all; there, as in TensorFlow Serving, the names of inputs and outputs decide.

See: classifier.cc and regressor.cc of tensorflow_serving/servables/tensorflow in
https://github.com/tensorflow/serving
"""

from typing import Dict, NamedTuple, Tuple

import hydro_serving_grpc as hs
from serving_runtime.contract.types import DTYPE_NUMBERS
from serving_runtime.signature import STRING, Signature
from serving_runtime.validation.problems import quoted

PREDICT_METHOD = "tensorflow/serving/predict"
INPUTS = "inputs"
CLASSES, SCORES, OUTPUTS = "classes", "scores", "outputs"


class Purpose(NamedTuple):
    """What a signature of examples can be for.

    ``operation`` is gRPC's method for it, ``method`` the SavedModel's, ``noun`` what TensorFlow
    Serving calls it in its refusals. ``outputs``: the names that it knows, each with its dtype.
    """

    operation: str
    method: str
    noun: str
    outputs: Dict[str, str]

    def outputs_of(self, signature: Signature) -> Tuple[str, ...]:
        """Return which outputs of a signature are wanted; none where it has another purpose."""
        return () if self.refusal_of(signature) else self._known(signature)

    def refusal_of(self, signature: Signature) -> str:
        """Return why a signature cannot be called for this purpose; empty if it can.

        The reason ends in the words of TensorFlow Serving.
        """
        reason = self._reason(signature)
        if not reason:
            return ""
        return (
            f"signature {quoted(signature.name)} is not one for {self.operation}, call it with "
            f"Predict: {reason}"
        )

    def _reason(self, signature: Signature) -> str:
        method = signature.method or PREDICT_METHOD
        form = self._wrong_form(signature)
        if method != self.method and (form or not signature.method or method != PREDICT_METHOD):
            return f"Expected {self.noun} signature method_name to be {self.method}. Was: {method}"
        return form

    def _wrong_form(self, signature: Signature) -> str:
        """Return what is wrong with a signature's inputs and outputs; empty if nothing is."""
        if len(signature.inputs) != 1:
            return "Expected one input Tensor."
        if not 0 < len(signature.outputs) <= len(self.outputs):
            return self._wrong_count(signature)
        [taken] = signature.inputs
        if taken.name != INPUTS:
            return f"No {self.noun} inputs found in SignatureDef: expected {quoted(INPUTS)}"
        if taken.dtype != STRING:
            return f"Expected inputs Tensor of DT_STRING. Got: {_type_name(taken.dtype)}"
        if not self._known(signature):
            names = " or ".join(quoted(name) for name in self.outputs)
            return f"Expected {self.noun} signature outputs to contain {self._at_least}{names}."
        return self._wrong_dtype(signature)

    def _wrong_count(self, signature: Signature) -> str:
        if len(self.outputs) == 1:
            return "Expected one output Tensor."
        return f"Expected one or two output Tensors, found {len(signature.outputs)}"

    def _wrong_dtype(self, signature: Signature) -> str:
        for field in signature.outputs:
            wanted = self.outputs.get(field.name, field.dtype)
            if wanted != field.dtype:
                names = _type_name(wanted), _type_name(field.dtype)
                return f"Expected {field.name} Tensor of {names[0]}. Got: {names[1]}"
        return ""

    def _known(self, signature: Signature) -> Tuple[str, ...]:
        return tuple(field.name for field in signature.outputs if field.name in self.outputs)

    @property
    def _at_least(self) -> str:
        return "at least one of " if len(self.outputs) > 1 else ""


CLASSIFICATION = Purpose(
    "Classify",
    "tensorflow/serving/classify",
    "classification",
    {CLASSES: STRING, SCORES: "float32"},
)
REGRESSION = Purpose("Regress", "tensorflow/serving/regress", "regression", {OUTPUTS: "float32"})


def _type_name(dtype: str) -> str:
    """Return a dtype's name in TensorFlow's messages."""
    name: str = hs.DataType.Name(DTYPE_NUMBERS[dtype])
    return name
