import pytest

from serving_runtime.errors import InvalidInput
from serving_runtime.protocols.tensorflow_serving.regress import Regress
from serving_runtime.settings import Settings
from tests.support.cases import tensor
from tests.support.examples import (
    CONTRACT,
    REGRESSES,
    RegressionResponse,
    example,
    regress,
    regressed,
)

PROTOCOL = Regress(CONTRACT, Settings.from_env({}))


def written(outputs, count=2):
    """Return the reply to so many examples."""
    payload = regress(*[example(x=[1])] * count, signature="regress", name="mine")
    request = PROTOCOL.decode(payload, "", {})
    reply, attributes = PROTOCOL.encode({"outputs": outputs}, request, REGRESSES)
    assert attributes == {}
    return RegressionResponse.FromString(reply)


@pytest.mark.parametrize("shape", [[2], [2, 1]])
def test_each_example_has_its_number(shape):
    """In a list or a column, and the reply says who answered."""
    numbers = tensor("float32", [0, -2.5], shape)
    assert written(numbers) == regressed(0, -2.5, name="mine", version=3, signature="regress")


@pytest.mark.parametrize(
    ("outputs", "words"),
    [
        (tensor("float32", 1), r"either \[batch_size\] or \[batch_size, 1\] but got \[\]$"),
        (tensor("float32", [[1, 2]] * 2), r"but got \[2,2\]$"),
        (tensor("float32", [[[1]]] * 2), r"but got \[2,1,1\]$"),
        (tensor("float32", [], [2, 0]), r"but got \[2,0\]$"),
        (tensor("float32", [1] * 3), "Input batch size did not match output batch size: 2 vs. 3$"),
    ],
)
def test_outputs_that_are_no_numbers_of_the_examples_are_refused(outputs, words):
    """With the words and the status that TensorFlow Serving has for them."""
    with pytest.raises(InvalidInput, match=words):
        written(outputs)
