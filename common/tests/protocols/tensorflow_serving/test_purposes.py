import pytest

from serving_runtime.protocols.tensorflow_serving.purposes import CLASSIFICATION, REGRESSION
from serving_runtime.signature import Field, Signature
from tests.support.examples import (
    CLASSIFIES,
    CLASSIFY,
    INPUTS,
    LABELS,
    NUMBERS,
    PREDICT,
    PREDICTS,
    REGRESS,
    REGRESSES,
    SCORES,
)

MORE = Field("logits", "float32", (-1, -1))


@pytest.mark.parametrize(
    ("purpose", "signature", "outputs"),
    [
        (CLASSIFICATION, CLASSIFIES, ("classes", "scores")),
        (CLASSIFICATION, CLASSIFIES._replace(outputs=(SCORES,)), ("scores",)),
        (CLASSIFICATION, CLASSIFIES._replace(outputs=(LABELS, MORE)), ("classes",)),
        (CLASSIFICATION, CLASSIFIES._replace(method=PREDICT), ("classes", "scores")),
        (REGRESSION, REGRESSES, ("outputs",)),
        (REGRESSION, REGRESSES._replace(method=PREDICT), ("outputs",)),
    ],
)
def test_a_signature_has_its_purpose_by_method_or_by_form(purpose, signature, outputs):
    """TensorFlow 2.x writes one method for all, and TensorFlow Serving then looks at the names."""
    assert purpose.refusal_of(signature) == ""
    assert purpose.outputs_of(signature) == outputs


@pytest.mark.parametrize(
    ("purpose", "signature", "words"),
    [
        (CLASSIFICATION, PREDICTS, f"Expected classification signature method_name to be {CLASSIFY}"
         f". Was: {PREDICT}"),
        (CLASSIFICATION, REGRESSES, f"Expected classification signature method_name to be "
         f"{CLASSIFY}. Was: {REGRESS}"),
        (REGRESSION, CLASSIFIES, f"Expected regression signature method_name to be {REGRESS}. "
         f"Was: {CLASSIFY}"),
        # Of another framework, whatever its names are.
        (REGRESSION, REGRESSES._replace(method=""), "Expected regression signature method_name to "
         f"be {REGRESS}. Was: {PREDICT}"),
        (CLASSIFICATION, CLASSIFIES._replace(inputs=INPUTS * 2), "Expected one input Tensor."),
        (CLASSIFICATION, CLASSIFIES._replace(inputs=()), "Expected one input Tensor."),
        (CLASSIFICATION, CLASSIFIES._replace(inputs=(INPUTS[0]._replace(name="x"),)),
         'No classification inputs found in SignatureDef: expected "inputs"'),
        (CLASSIFICATION, CLASSIFIES._replace(inputs=(INPUTS[0]._replace(dtype="float32"),)),
         "Expected inputs Tensor of DT_STRING. Got: DT_FLOAT"),
        (CLASSIFICATION, CLASSIFIES._replace(outputs=(LABELS, SCORES, MORE)),
         "Expected one or two output Tensors, found 3"),
        (CLASSIFICATION, CLASSIFIES._replace(outputs=(MORE,)), "Expected classification signature "
         'outputs to contain at least one of "classes" or "scores".'),
        (CLASSIFICATION, CLASSIFIES._replace(outputs=(SCORES._replace(dtype="float64"),)),
         "Expected scores Tensor of DT_FLOAT. Got: DT_DOUBLE"),
        (CLASSIFICATION, CLASSIFIES._replace(outputs=(LABELS._replace(dtype="int64"),)),
         "Expected classes Tensor of DT_STRING. Got: DT_INT64"),
        (REGRESSION, REGRESSES._replace(outputs=(NUMBERS, MORE)), "Expected one output Tensor."),
        (REGRESSION, REGRESSES._replace(outputs=(MORE,)),
         'Expected regression signature outputs to contain "outputs".'),
        (REGRESSION, REGRESSES._replace(outputs=(NUMBERS._replace(dtype="bfloat16"),)),
         "Expected outputs Tensor of DT_FLOAT. Got: DT_BFLOAT16"),
    ],
)  # fmt: skip
def test_a_signature_of_another_purpose_is_refused(purpose, signature, words):
    """The text says what works, and ends in the words of TensorFlow Serving."""
    head = f'signature "{signature.name}" is not one for {purpose.operation}, call it with Predict'
    assert purpose.refusal_of(signature) == f"{head}: {words}"
    assert purpose.outputs_of(signature) == ()


@pytest.mark.parametrize("dtype", ["map", "any", "qint8", "complex128"])
def test_every_dtype_has_a_name_in_a_refusal(dtype):
    """A contract may declare any of them."""
    signature = Signature("s", (Field("inputs", dtype),), (LABELS,), CLASSIFY)
    assert "Got: DT_" in CLASSIFICATION.refusal_of(signature)
