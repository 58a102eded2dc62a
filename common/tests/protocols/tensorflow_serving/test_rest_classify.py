import json

import pytest

from serving_runtime.errors import InvalidInput, ModelNotFound
from serving_runtime.protocols.tensorflow_serving.rest_classify import RestClassify, RestRegress
from serving_runtime.settings import Settings
from tests.support.cases import tensor
from tests.support.examples import CLASSIFIES, CONTRACT, REGRESSES, Example, example

CLASSIFY, REGRESS = (kind(CONTRACT, Settings.from_env({})) for kind in (RestClassify, RestRegress))
TWO = {"examples": [{"x": 1}, {"x": 2}]}


def decoded(protocol, body, target="own"):
    """Return the request in a body."""
    return protocol.decode(json.dumps(body).encode(), target, {})


def results(protocol, body, signature, **outputs):
    """Return the results that a client reads."""
    payload, said = protocol.encode(outputs, decoded(protocol, body), signature)
    assert said == {"content-type": "application/json"}
    return payload.decode()


def test_examples_are_serialised():
    """The model's graph parses them, as those of gRPC."""
    request = decoded(CLASSIFY, TWO)
    found = [Example.FromString(it) for it in request.tensors["inputs"].array.tolist()]
    assert found == [example(x=[1]), example(x=[2])]


def test_each_example_has_pairs_of_label_and_score():
    """Scores in their shortest form, and bare tokens, as TensorFlow Serving writes them."""
    found = results(
        CLASSIFY, TWO, CLASSIFIES,
        classes=tensor("string", [["no", "größer"], ["yes", ""]]),
        scores=tensor("float32", [[0.1, float("nan")], [1, float("-inf")]]),
    )  # fmt: skip
    assert found == '{"results":[[["no",0.1],["größer",NaN]],[["yes",1.0],["",-Infinity]]]}'


def test_each_example_has_a_number():
    """A regression's."""
    body = {"signature_name": "regress", **TWO}
    found = results(REGRESS, body, REGRESSES, outputs=tensor("float32", [[0.1], [3]]))
    assert found == '{"results":[0.1,3.0]}'


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"signature_name": "predict", **TWO}, '"predict" is not one for Classify, call it with'),
        ({"signature_name": "other", **TWO}, 'no signature "other"'),
        ([], "the body is a list: expected an object"),
        ({"instances": [1]}, '"examples" must be a list'),
    ],
)
def test_other_requests_are_refused(body, expected):
    """A signature of another kind says what it is called with."""
    with pytest.raises(InvalidInput, match=expected):
        decoded(CLASSIFY, body)


def test_another_model_is_not_found():
    """The path names it."""
    with pytest.raises(ModelNotFound):
        decoded(CLASSIFY, TWO, "other")
