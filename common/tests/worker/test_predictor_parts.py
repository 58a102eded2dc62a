"""Requests that several calls of the model answer."""

import numpy as np
import pytest

from serving_runtime import operations
from serving_runtime.errors import Status
from serving_runtime.model import Model
from serving_runtime.settings import Settings
from serving_runtime.worker.predictor import Predictor
from tests.support.examples import (
    CLASSIFY,
    CONTRACT,
    REGRESS,
    ClassificationResponse,
    MultiInferenceResponse,
    classify,
    example,
    multi_inference,
)

BOTH = [("", CLASSIFY), ("regress", REGRESS)]
ONE = example(x=[1])


class Estimator(Model):
    """Answers each signature by the sizes of the examples; ``behaviour`` comes first, if set."""

    string_type = bytes

    def __init__(self):
        self.called = []
        self.behaviour = None

    def predict(self, signature_name, inputs):
        """Return classes or numbers."""
        self.called.append((signature_name, len(inputs.get("inputs", ()))))
        if self.behaviour:
            self.behaviour(signature_name)
        sizes = np.array([[len(it)] for it in inputs["inputs"]], np.float32)
        if signature_name == "regress":
            return {"outputs": sizes}
        return {"classes": sizes.astype(int).astype(str).astype(object), "scores": sizes}


@pytest.fixture
def model():
    """Return a model with signatures of examples."""
    return Estimator()


@pytest.fixture
def answer(model, make_call):
    """Return a function that answers requests which arrive together, in their order."""

    def answer_all(*payloads, operation=operations.MULTI_INFERENCE, **changes):
        settings = Settings.from_env({})._replace(**changes)
        calls = [make_call(payload=payload, operation=operation.key) for payload in payloads]
        replies = list(Predictor(model, CONTRACT, settings).answer(calls))
        return sorted(replies, key=lambda reply: reply.id)

    return answer_all


def test_each_part_is_a_call_of_the_model(answer, model):
    """One reply has all results, in the order of the parts."""
    [reply] = answer(multi_inference(BOTH, ONE, ONE))
    assert (reply.status, reply.details) == (Status.OK, "")
    classes, numbers = MultiInferenceResponse.FromString(bytes(reply.payload)).results
    assert len(classes.classification_result.classifications) == 2
    assert len(numbers.regression_result.regressions) == 2
    assert model.called == [("serving_default", 2), ("regress", 2)]
    assert reply.timings.rows == 4


def test_the_first_part_that_fails_is_the_answer(answer, model):
    """What comes after it is not called."""

    def fail(signature_name):
        raise RuntimeError(signature_name)

    model.behaviour = fail
    [reply] = answer(multi_inference(BOTH, ONE))
    assert (reply.status, reply.payload) == (Status.INTERNAL, b"")
    assert "serving_default" in reply.details
    assert model.called == [("serving_default", 1)]


def test_what_is_no_request_is_refused_alone(answer):
    """Others that arrived with it are answered."""
    replies = answer(multi_inference(BOTH, ONE), b"\xff", multi_inference([("", "no")], ONE))
    assert [reply.status for reply in replies] == [
        Status.OK,
        Status.INVALID_ARGUMENT,
        Status.UNIMPLEMENTED,
    ]


def test_a_reply_as_a_whole_is_within_the_limit(answer):
    """Each part may be within it."""
    [alone] = answer(multi_inference(BOTH[:1], ONE))
    [both] = answer(multi_inference(BOTH, ONE), max_message_bytes=len(alone.payload) + 1)
    assert both.status == Status.RESOURCE_EXHAUSTED
    assert "RUNTIME_MAX_MESSAGE_BYTES" in both.details


def test_a_model_with_a_state_is_called_once_a_request(answer, model):
    """Several calls would move its state on several times."""
    model.stateful = True
    [reply] = answer(multi_inference(BOTH, ONE))
    assert reply.status == Status.INVALID_ARGUMENT
    assert model.called == []


def test_calls_on_examples_that_arrived_together_run_together(answer, model):
    """As rows of any other signature."""
    replies = answer(classify(ONE), classify(ONE, ONE), operation=operations.CLASSIFY)
    assert model.called == [("serving_default", 3)]
    counts = [
        len(ClassificationResponse.FromString(bytes(reply.payload)).result.classifications)
        for reply in replies
    ]
    assert counts == [1, 2]
