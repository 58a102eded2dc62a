import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving_runtime.errors import BrokenResult, InvalidInput
from serving_runtime.protocols.tensorflow_serving.classify import Classify
from serving_runtime.settings import Settings
from serving_runtime.signature import Tensor
from tests.support.cases import tensor
from tests.support.examples import (
    CLASSIFIES,
    CONTRACT,
    ClassificationResponse,
    classified,
    classify,
    example,
)

PROTOCOL = Classify(CONTRACT, Settings.from_env({}))
LABELS = tensor("string", [["no", "größer"], ["yes", ""]])
SCORES = tensor("float32", [[0.25, 0.75], [1, 0]])


def written(count=2, asked=None, **outputs):
    """Return the reply to so many examples."""
    request = PROTOCOL.decode(classify(*[example(x=[1])] * count, **(asked or {})), "", {})
    payload, attributes = PROTOCOL.encode(outputs, request, CLASSIFIES)
    assert attributes == {}
    return ClassificationResponse.FromString(payload)


OWN = {"name": "own", "version": 3, "signature": "serving_default"}


def test_each_example_has_its_classes():
    """Labels with their scores, in the model's order, and who answered."""
    assert written(classes=LABELS, scores=SCORES) == classified(
        [("no", 0.25), ("größer", 0.75)], [("yes", 1), ("", 0)], **OWN
    )


@pytest.mark.parametrize(
    ("outputs", "rows"),
    [
        ({"classes": LABELS}, [[("no", 0), ("größer", 0)], [("yes", 0), ("", 0)]]),
        ({"scores": SCORES}, [[("", 0.25), ("", 0.75)], [("", 1), ("", 0)]]),
        ({"scores": tensor("float32", [], [2, 0])}, [[], []]),
    ],
)
def test_a_model_may_have_either(outputs, rows):
    """What it does not have is left out."""
    assert written(**outputs) == classified(*rows, **OWN)


def test_the_reply_says_who_was_asked():
    """The name and version of the request, as TensorFlow Serving does it."""
    asked = {"name": "mine", "version": 0}
    assert (
        written(asked=asked, scores=SCORES).model_spec
        == classified(name="mine", version=0, signature="serving_default").model_spec
    )


@pytest.mark.parametrize(
    ("outputs", "words"),
    [
        ({"scores": tensor("float32", [1, 2])},
         r"Expected Tensor shape: \[batch_size num_classes\] but got \[2\]$"),
        ({"classes": tensor("string", [[["a"]]])}, r"but got \[1,1,1\]$"),
        ({"scores": tensor("float32", [[1]])}, r"Expected scores output batch size of 2. Got: 1$"),
        ({"classes": tensor("string", [["a"]] * 3)},
         r"Expected classes output batch size of 2. Got: 3$"),
        ({"classes": LABELS, "scores": tensor("float32", [[1], [2]])},
         r"Tensors class and score should match in dim_size\(1\). Got 2 vs. 1$"),
    ],
)  # fmt: skip
def test_outputs_that_are_no_classes_are_refused(outputs, words):
    """With the words and the status that TensorFlow Serving has for them."""
    with pytest.raises(InvalidInput, match=words):
        written(**outputs)


def test_a_label_that_is_not_utf_8_is_the_model_s_fault():
    """No client could read the reply; Predict has such strings as they are."""
    with pytest.raises(BrokenResult, match=r"b'\\xff'.*call Predict"):
        written(1, classes=Tensor("string", np.array([[b"\xff"]], object)))


@given(st.lists(st.floats(width=32, allow_nan=False), min_size=1, max_size=4))
def test_scores_keep_every_bit(scores):
    """Infinities, tiny numbers and the sign of a zero."""
    array = np.array([scores], np.float32)
    [row] = written(1, scores=Tensor("float32", array)).result.classifications
    received = [it.score for it in row.classes]
    assert received == array[0].tolist()
    assert [math.copysign(1, it) for it in received] == [math.copysign(1, it) for it in array[0]]
