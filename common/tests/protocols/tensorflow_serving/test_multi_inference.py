import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving_runtime.errors import InvalidInput, LimitExceeded, Unimplemented
from serving_runtime.protocols.tensorflow_serving.multi_inference import MultiInference
from serving_runtime.settings import Settings
from serving_runtime.signature import Contract
from tests.support.cases import tensor
from tests.support.examples import (
    CLASSIFIES,
    CLASSIFY,
    CONTRACT,
    PREDICT,
    REGRESS,
    REGRESSES,
    MultiInferenceRequest,
    MultiInferenceResponse,
    example,
    fill_classes,
    fill_spec,
    multi_inference,
)

BOTH = [("", CLASSIFY), ("regress", REGRESS)]
ONE, OTHER = example(x=[1.5]), example(x=[2.5])
SETTINGS = Settings.from_env({})


def parts(payload, contract=CONTRACT, **changes):
    """Return the parts of a request, as the worker asks for them."""
    return MultiInference(contract, SETTINGS._replace(**changes)).parts(payload, "", {})


def test_each_task_is_a_call_on_the_same_examples():
    """In the order of the tasks."""
    found = [part.decode(b"", "", {}) for part in parts(multi_inference(BOTH, ONE, OTHER))]
    assert [request.signature_name for request in found] == ["", "regress"]
    expected = [one.SerializeToString() for one in (ONE, OTHER)]
    for request in found:
        array = request.tensors["inputs"].array
        assert array.tolist() == expected
        array[:] = b"changed by the model"


def test_the_reply_is_the_parts_replies_in_a_row():
    """Each has its result and says which signature answered."""
    first, second = parts(multi_inference(BOTH, ONE, OTHER))
    outputs = {"classes": tensor("string", [["a"], ["b"]]), "scores": tensor("float32", [[1], [2]])}
    payload = b""
    for part, signature, given_outputs in (
        (first, CLASSIFIES, outputs),
        (second, REGRESSES, {"outputs": tensor("float32", [3, 4])}),
    ):
        payload += part.encode(given_outputs, part.decode(b"", "", {}), signature)[0]
    expected = MultiInferenceResponse()
    classes, numbers = expected.results.add(), expected.results.add()
    fill_spec(classes.model_spec, "serving_default", "own", 3)
    fill_classes(classes.classification_result, [[("a", 1)], [("b", 2)]])
    fill_spec(numbers.model_spec, "regress", "own", 3)
    for number in (3, 4):
        numbers.regression_result.regressions.add(value=number)
    assert MultiInferenceResponse.FromString(payload) == expected


def of_two_models():
    """Return a request whose tasks name two models."""
    request = MultiInferenceRequest.FromString(multi_inference(BOTH, ONE))
    request.tasks[1].model_spec.name = "other"
    return request.SerializeToString()


@pytest.mark.parametrize(
    ("payload", "words"),
    [
        (multi_inference([], ONE), "needs a task: it has none"),
        (multi_inference(BOTH), r"Input is empty\.$"),
        (of_two_models(), r"must access the same model name\.$"),
        (multi_inference([("", CLASSIFY)] * 2, ONE),
         "Duplicate evaluation of signature: serving_default$"),
        (multi_inference([("", CLASSIFY), ("serving_default", CLASSIFY)], ONE),
         "Duplicate evaluation of signature: serving_default$"),
        (multi_inference([("regress", CLASSIFY)], ONE), "Expected classification signature"),
        (multi_inference([("no", CLASSIFY)], ONE), 'no signature "no"'),
        (b"\xff\xff", "^not a MultiInferenceRequest: "),
        (b"\x0a\x03\x12\x01\xff", "^not a InferenceTask: "),
    ],
)  # fmt: skip
def test_a_request_that_cannot_be_answered_is_refused(payload, words):
    """The text ends in TensorFlow Serving's words where it has some."""
    with pytest.raises(InvalidInput, match=words):
        parts(payload)


@pytest.mark.parametrize("method", [PREDICT, "", "x" * 1000])
def test_other_methods_are_not_implemented(method):
    """As TensorFlow Serving says it, with what works."""
    with pytest.raises(Unimplemented, match="called with Predict: Unsupported signature method_na"):
        parts(multi_inference([("predict", method)], ONE))


def test_the_budget_is_a_setting():
    """The copies of the context are made once, for all tasks."""
    payload = multi_inference(BOTH, ONE, ONE, context=example(x=[b"x" * 100]))
    assert len(parts(payload)) == 2
    with pytest.raises(LimitExceeded, match="RUNTIME_MAX_EXPANDED_BYTES=99"):
        parts(payload, max_expanded_bytes=99)


def test_a_model_without_such_signatures_has_no_tasks():
    """A contract of another framework names no method."""
    plain = Contract("", (CLASSIFIES._replace(method=""),))
    with pytest.raises(InvalidInput, match="is not one for Classify, call it with Predict"):
        parts(multi_inference([("", CLASSIFY)], ONE), plain)


@pytest.mark.filterwarnings("ignore:Unexpected end-group tag")  # protobuf 3 adds it
@given(st.binary(max_size=60))
def test_random_bytes_are_read_or_refused(payload):
    """Nothing else is ever raised."""
    with contextlib.suppress(InvalidInput, Unimplemented, LimitExceeded):
        parts(payload)
