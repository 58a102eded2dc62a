import pytest

from serving_runtime.errors import InvalidInput, RequestOverBudget
from serving_runtime.protocols.protobuf.tensors.budget import DecodeBudget
from serving_runtime.protocols.tensorflow_serving import rest_examples
from tests.support.examples import Example, example


def read(examples, context=None, budget=1000):
    """Return the examples that are read, as messages."""
    body = {"examples": examples, "context": context}
    found = rest_examples.read(body, DecodeBudget(budget))
    assert found.dtype == "string"
    return [Example.FromString(it) for it in found.array.tolist()]


def test_values_tell_the_kind_of_a_feature():
    """Integers, floats and texts, alone or in lists; booleans are integers, as there."""
    given = {"i": 1, "f": [1.5, 2], "s": "ü", "b": {"b64": "/wA="}, "t": [True, False], "l": ["a"]}
    assert read([given]) == [
        example(i=[1], f=[1.5, 2.0], s=["ü".encode()], b=[b"\xff\0"], t=[1, 0], l=[b"a"])
    ]


def test_each_example_has_the_context():
    """It stands before the example's own features, which are thus the ones that count."""
    assert read([{"x": 1}, {"x": 2}], {"y": 3.5}) == [
        example(y=[3.5], x=[1]),
        example(y=[3.5], x=[2]),
    ]


def test_a_feature_without_values_is_one():
    """As TensorFlow Serving has it."""
    [found] = read([{"x": []}])
    assert list(found.features.feature) == ["x"]


@pytest.mark.parametrize(
    ("examples", "expected"),
    [
        (None, "at least one object of features by name, got nothing"),
        ([], "at least one object of features by name, got a list"),
        ({"x": 1}, "got an object"),
        ([1], r"examples\[0\] must be an object of features by name, got an integer"),
        ([{}, {"x": None}], r'examples\[1\]\["x"\] has nothing: a feature is a number'),
        ([{"x": [1, "a"]}], r'examples\[0\]\["x"\] has a text and an integer'),
        ([{"x": [[1]]}], "has a list"),
        ([{"x": {"a": 1}}], "has an object"),
        ([{"x": 2**63}], "no int64"),
        ([{"x": 1e39}], "overflows float32"),
        ([{"x": {"b64": "ä"}}], "no base64"),
    ],
)
def test_what_is_no_example_is_refused(examples, expected):
    """With its place in the request."""
    with pytest.raises(InvalidInput, match=expected):
        read(examples)


def test_copies_of_the_context_have_a_budget():
    """It costs the client nothing to have it repeated."""
    with pytest.raises(RequestOverBudget):
        read([{}] * 3, {"x": "a" * 400}, budget=800)
