import json
import re

import pytest

from serving_runtime.errors import InvalidInput, ModelNotFound
from serving_runtime.protocols.tensorflow_serving.rest_predict import RestPredict
from serving_runtime.settings import Settings
from serving_runtime.signature import Contract, Field, Signature
from serving_runtime.validation import validate_inputs
from tests.support.cases import tensor

IRIS = Signature("iris", (Field("x", "float32", (-1, 4)),), (Field("y", "int64", (-1,)),))
WHOLE = Signature("whole", (Field("x", "float32", (-1,)),), (Field("sum", "float32", ()),))
CONTRACT = Contract("own", (IRIS, WHOLE), 3)
PROTOCOL = RestPredict(CONTRACT, Settings.from_env({}))
ROW = [1, 2, 3, 4]
JSON = {"content-type": "application/json"}


def decoded(body, target="own", protocol=PROTOCOL, **attributes):
    """Return the request in a body."""
    payload = body if isinstance(body, bytes) else json.dumps(body).encode()
    return protocol.decode(payload, target, attributes)


def refusal(body, **more):
    """Return why a body is refused."""
    with pytest.raises(InvalidInput) as caught:
        decoded(body, **more)
    return PROTOCOL.word(caught.value)


def test_rows_are_answered_in_rows():
    """Instances by predictions."""
    request = decoded({"signature_name": "iris", "instances": [ROW, ROW]})
    assert request.signature_name == "iris"
    assert request.tensors["x"].array.tolist() == [ROW, ROW]
    reply = PROTOCOL.encode({"y": tensor("int64", [0, 2])}, request, IRIS)
    assert reply == (b'{"predictions":[0,2]}', JSON)


def test_columns_are_answered_in_columns():
    """Inputs by outputs."""
    request = decoded({"signature_name": "whole", "inputs": [1, 2]})
    reply = PROTOCOL.encode({"sum": tensor("float32", 3)}, request, WHOLE)
    assert reply == (b'{"outputs":3.0}', JSON)


def test_the_verb_names_the_signature_where_nothing_else_does():
    """A bare estimator has several signatures, and KServe's clients know of none."""
    predict = IRIS._replace(name="predict")
    protocol = RestPredict(Contract("own", (WHOLE, predict)), Settings.from_env({}))
    assert decoded({"instances": [ROW]}, protocol=protocol).signature_name == "predict"
    default = WHOLE._replace(name="serving_default")
    protocol = RestPredict(Contract("own", (default, predict)), Settings.from_env({}))
    assert decoded({"inputs": [1]}, protocol=protocol).signature_name == "serving_default"


def test_outputs_without_rows_are_no_answer_to_rows():
    """Known before the model is called, or by what it has answered."""
    expected = 'output "sum" has no rows: send "inputs" for the values as they are'
    assert refusal({"signature_name": "whole", "instances": [1, 2]}) == expected
    request = decoded({"signature_name": "iris", "instances": [ROW]})
    outputs = {"y": tensor("int64", [0]), "z": tensor("int64", [0, 1])}
    with pytest.raises(InvalidInput, match="differ in their rows"):
        PROTOCOL.encode(outputs, request, IRIS)


def test_what_is_not_read_is_ignored():
    """Other servers' own keys, which their clients send."""
    request = decoded({"signature_name": "iris", "inputs": [ROW], "id": "1", "parameters": {}})
    assert set(request.tensors) == {"x"}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"x": [ROW]}, 'expected one of "instances" .* which has neither, but "x"'),
        ({}, "which has neither, but nothing"),
        ({"instances": [ROW], "inputs": [ROW]}, "which has both"),
        ([ROW], "the body is a list: expected an object"),
        (b"", "the body is empty"),
        (b"{", "the body is no JSON: .* line 1, column 2"),
        (b'{"signature_name": "iris", "instances": [[1,]]}', "line 1, column"),
        ({"instances": [ROW]}, "names no signature; the model has: iris, whole"),
        ({"signature_name": "irs", "instances": [ROW]}, 'irs signature is not present .* "iris"'),
        ({"signature_name": 1, "instances": [ROW]}, "signature_name is no text"),
    ],
)
def test_what_is_no_request_is_refused(body, expected):
    """In the words that TensorFlow Serving's clients know, where there are any."""
    assert re.search(expected, refusal(body))


def test_a_value_that_cannot_be_read_is_said_with_all_other_problems():
    """Its place in the request is part of it."""
    request = decoded({"signature_name": "iris", "instances": [{"x": ["a"], "y": 1}]})
    with pytest.raises(InvalidInput) as caught:
        validate_inputs(IRIS, request.tensors, "same_kind", str, request.unreadable)
    assert str(caught.value) == (
        'input "x": instances[0].x[0] is "a": expected a number for float32; '
        'input "y" is not in the signature'
    )


def test_the_path_names_the_model():
    """Its name, and its version, of which 0 is the newest one."""
    body = {"signature_name": "iris", "inputs": [ROW]}
    for version in ("", "0", "3"):
        assert decoded(body, **{"model-version": version}).signature_name == "iris"
    assert decoded(body, target="").signature_name == "iris"
    with pytest.raises(ModelNotFound, match='no version "2"'):
        decoded(body, **{"model-version": "2"})
    with pytest.raises(ModelNotFound, match='no model "other"'):
        decoded(body, target="other")
