"""Classify, Regress and MultiInference, with signatures that TensorFlow itself has written."""

import numpy as np
import pytest

from serving_runtime.operations import CLASSIFY, MULTI_INFERENCE, REGRESS
from tensorflow_runtime import loader
from tensorflow_runtime.framework import VERSION, tf, v1, without_deprecations
from tests.support import examples
from tests.support.examples import example
from tests.support.targets import IN_PROCESS

# isort: split
from tensorflow.core.example import example_pb2

X = np.array([[0.5, -2.0], [1.5, 3.25], [0, 1e30]], np.float32)
SENT = [example(x=[float(it) for it in row]) for row in X]


def estimator():
    """Return what an estimator with two heads exports, by TensorFlow's own helpers."""
    serialised = v1.placeholder(tf.string, [None], name="input_example_tensor")
    x = v1.parse_example(serialised, {"x": v1.FixedLenFeature([2], tf.float32)})["x"]
    w = v1.get_variable("w", [2, 3], initializer=v1.ones_initializer())
    scores = tf.nn.softmax(tf.matmul(x, w))
    labels = tf.tile(tf.constant([["a", "b", "c"]]), [tf.shape(x)[0], 1])
    inputs = {"inputs": serialised}
    return {
        "serving_default": (inputs, {"classes": labels, "scores": scores}, examples.CLASSIFY),
        "regression": (inputs, {"outputs": tf.matmul(x, w[:, :1])}, examples.REGRESS),
        "predict": ({"examples": serialised}, {"x": x}),
    }


@pytest.fixture
def service(export, files):
    """Serve the estimator in this process."""
    export(estimator)
    with IN_PROCESS.start("tensorflow", files.parent, {}) as served:
        yield served


def replied(service, operation, payload, response):
    """Return the reply to a request that is answered."""
    answer = service.answer(payload, operation)
    assert (answer.status, answer.details) == ("OK", "")
    return response.FromString(answer.payload)


def test_the_contract_has_each_signature_s_method(export, files):
    """It is what decides how a signature can be called."""
    export(estimator)
    methods = {it.name: it.method for it in loader.infer_contract(files).signatures}
    assert methods == {
        "serving_default": examples.CLASSIFY,
        "regression": examples.REGRESS,
        "predict": examples.PREDICT,
    }


def test_results_are_those_of_the_graph(service, direct, files):
    """To the last bit, for examples that TensorFlow's own messages have written."""
    serialised = [example_pb2.Example.FromString(it.SerializeToString()) for it in SENT]
    fed = {"inputs": np.array([it.SerializeToString() for it in serialised], object)}
    model = direct(files)
    expected = model.call("serving_default", fed)
    reply = replied(service, CLASSIFY, examples.classify(*SENT), examples.ClassificationResponse)
    found = [[(it.label, it.score) for it in row.classes] for row in reply.result.classifications]
    labels = [[label.decode() for label in row] for row in expected["classes"].tolist()]
    assert found == [list(zip(*row)) for row in zip(labels, expected["scores"].tolist())]
    numbers = model.call("regression", fed)["outputs"].ravel().tolist()
    payload = examples.regress(*SENT, signature="regression")
    reply = replied(service, REGRESS, payload, examples.RegressionResponse)
    assert [it.value for it in reply.result.regressions] == numbers


def test_tasks_are_answered_as_alone(service):
    """Each result is that of a request of its own."""
    alone = replied(service, CLASSIFY, examples.classify(*SENT), examples.ClassificationResponse)
    payload = examples.regress(*SENT, signature="regression")
    number = replied(service, REGRESS, payload, examples.RegressionResponse)
    tasks = [("regression", examples.REGRESS), ("", examples.CLASSIFY)]
    payload = examples.multi_inference(tasks, *SENT)
    first, second = replied(
        service, MULTI_INFERENCE, payload, examples.MultiInferenceResponse
    ).results
    assert first.regression_result == number.result
    assert second.classification_result == alone.result


def test_the_context_is_seen_by_the_graph(service):
    """Its features are those of each example that has none of its own."""
    bare = [example(other=[1]), SENT[1]]
    payload = examples.classify(*bare, context=SENT[0])
    merged = replied(service, CLASSIFY, payload, examples.ClassificationResponse)
    expected = replied(
        service, CLASSIFY, examples.classify(*SENT[:2]), examples.ClassificationResponse
    )
    assert merged == expected


@pytest.mark.parametrize("sent", [example(y=[1.0]), example(x=[1.0]), example(x=[b"text", b"s"])])
def test_an_example_that_does_not_fit_is_the_client_s_fault(service, sent):
    """The graph parses it, and says so."""
    answer = service.answer(examples.classify(sent), CLASSIFY)
    assert answer.status == "INVALID_ARGUMENT"
    assert "x" in answer.details


@pytest.mark.skipif(VERSION < (2, 0), reason="TensorFlow 1.x has no tf.Module")
def test_a_classifier_of_tensorflow_2_is_known_by_its_form(files):
    """Its export names the method of Predict for every signature."""

    class Classifier(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="inputs")])
        def classify(self, inputs):
            x = tf.io.parse_example(inputs, {"x": tf.io.FixedLenFeature([2], tf.float32)})["x"]
            return {"scores": x}

        @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="inputs")])
        def regress(self, inputs):
            x = tf.io.parse_example(inputs, {"x": tf.io.FixedLenFeature([2], tf.float32)})["x"]
            return {"outputs": x[:, 0]}

    module = Classifier()
    signatures = {"serving_default": module.classify, "regress": module.regress}
    with without_deprecations():
        tf.saved_model.save(module, str(files), signatures=signatures)
    with IN_PROCESS.start("tensorflow", files.parent, {}) as service:
        reply = replied(
            service, CLASSIFY, examples.classify(*SENT), examples.ClassificationResponse
        )
        scores = [[it.score for it in row.classes] for row in reply.result.classifications]
        payload = examples.regress(*SENT, signature="regress")
        numbers = replied(service, REGRESS, payload, examples.RegressionResponse)
        refused = service.answer(examples.classify(*SENT, signature="regress"), CLASSIFY)
    assert scores == X.tolist()
    assert [it.value for it in numbers.result.regressions] == X[:, 0].tolist()
    assert refused.status == "INVALID_ARGUMENT"
    assert "call it with Predict" in refused.details
