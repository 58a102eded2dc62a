"""What a network may return, and how it is named."""

import collections

import pytest
import torch

from pytorch_runtime.outputs import named, names_of
from pytorch_runtime.tensors import to_array
from serving_runtime.errors import BrokenResult

Pair = collections.namedtuple("Pair", "label scores")


class Data:
    """What the decorator of a dataclass leaves behind; Python 3.6 has none."""

    __dataclass_fields__ = ("label", "scores")
    label, scores = 1, 2


@pytest.mark.parametrize(
    ("result", "names", "expected"),
    [
        ("one", ["y"], {"y": "one"}),
        ((1, 2), ["a", "b"], {"a": 1, "b": 2}),
        ([1, 2], ["a", "b"], {"a": 1, "b": 2}),
        ({"b": 2, "a": 1, "c": None}, ["a"], {"a": 1, "b": 2}),
        (Pair(1, 2), ["scores"], {"label": 1, "scores": 2}),
        (Pair(1, 2), ["a", "b"], {"a": 1, "b": 2}),
        (Data(), ["scores", "label"], {"label": 1, "scores": 2}),
        (Data(), ["a", "b"], {"a": 1, "b": 2}),
    ],
)
def test_results_of_every_form_are_named(result, names, expected):
    """Keys and fields name themselves, everything else is in order."""
    assert named(result, names) == expected


@pytest.mark.parametrize(
    ("result", "told"),
    [
        ((1, 2, 3), "3 values (tuple) for 2 outputs: a, b"),
        (torch.ones(2), "1 values (Tensor) for 2 outputs: a, b"),
        (None, "0 values (NoneType) for 2 outputs: a, b"),
    ],
)
def test_another_number_of_values_is_told(result, told):
    """The numbers are compared, and the contract's names are in the message."""
    with pytest.raises(BrokenResult) as caught:
        named(result, ["a", "b"])
    assert told in str(caught.value)


def test_outputs_name_themselves_where_there_is_no_contract():
    """Keys and fields are the names, else numbers."""
    assert names_of({"a": 1}) == ("a",)
    assert names_of(Pair(1, 2)) == ("label", "scores")
    assert names_of((1, 2)) == ("output_0", "output_1")
    assert names_of(torch.ones(1)) == ("output",)


def test_conjugates_and_gradients_are_resolved():
    """Lazy views become values."""
    assert to_array("y", torch.tensor([1 + 2j]).conj()).tolist() == [1 - 2j]
    assert to_array("y", torch.ones(1, requires_grad=True)).tolist() == [1]


def test_what_has_no_array_is_told_with_its_name():
    """A sparse tensor is the model's fault."""
    with pytest.raises(BrokenResult, match='output "y" cannot be sent'):
        to_array("y", torch.eye(2).to_sparse())
