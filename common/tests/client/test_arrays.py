import numpy as np
import pytest

from serving_runtime.client.arrays import arrays_of, tensor_of
from serving_runtime.signature import MapArray, Tensor
from serving_runtime.validation.maps import array_of


def test_dicts_and_lists_of_dicts_are_maps():
    """At any depth, and back."""
    value = tensor_of({"b": [{"c": 1}, {"c": [2.5]}], "a": "text"}, "x")
    assert str(value["b"]) == "map[2]"
    found = arrays_of({"x": value})["x"]
    assert list(found) == ["a", "b"]
    assert found["a"].item() == b"text"
    assert [item["c"].tolist() for item in found["b"]] == [1, [2.5]]


def test_what_is_a_tensor_already_is_sent_as_it_says():
    """Its array is made what its dtype is; maps of samples are handed on."""
    assert str(tensor_of(Tensor("qint8", np.array([1, 2])), "x")) == "qint8[2]"
    sample = MapArray(array_of([{"a": Tensor("bfloat16", np.zeros(1, "f4"))}], (1,)))
    assert str(tensor_of(sample, "x").array[0]["a"]) == "bfloat16[1]"
    with pytest.raises(TypeError, match='input "x": no tensor can hold int64.1. as int8 .300'):
        tensor_of(Tensor("int8", np.array([300])), "x")


def test_names_of_maps_are_text():
    """Nothing else is a name on the wire."""
    with pytest.raises(TypeError, match='input "x.y": no tensor can hold a map with names of type'):
        tensor_of({"y": {1: 2}}, "x")
