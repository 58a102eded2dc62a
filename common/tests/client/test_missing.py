"""None and its like in a client's inputs become masks, or NaN among floats."""

import numpy as np
import pytest

from serving_runtime.client import missing
from serving_runtime.signature import Tensor

NAN = float("nan")


class NAType:
    """What pandas calls its own missing value."""

    def __bool__(self):
        raise TypeError("boolean value of NA is ambiguous")


@pytest.mark.parametrize(("value", "expected", "mask"), [
    ([1, None], [1, 0], [False, True]),
    ([True, None], [True, False], [False, True]),
    (["a", None, ""], ["a", "", ""], [False, True, False]),
    (["a", NAN], ["a", ""], [False, True]),
    ([b"a", None], [b"a", ""], [False, True]),
    ([["a", None]], [["a", ""]], [[False, True]]),
    ([1, NAType()], [1, 0], [False, True]),
    (np.array(["a", None], dtype=object), ["a", ""], [False, True]),
    (np.ma.array([1, 2], mask=[False, True]), [1, 0], [False, True]),
    (np.ma.array(["a", "b"], mask=[False, True]), ["a", ""], [False, True]),
])  # fmt: skip
def test_what_is_missing_is_masked(value, expected, mask):
    """The value beside a mask is nothing of its kind."""
    found, where = missing.separate(value)
    assert (found.tolist(), where.tolist()) == (expected, mask)


@pytest.mark.parametrize("value", [
    [1.5, None], [1.5, NAN], [1, 2.5, None], np.ma.array([1.5, 2], mask=[False, True]),
])  # fmt: skip
def test_among_floats_nan_says_it(value):
    """So a model takes it that knows of no masks."""
    found, where = missing.separate(value)
    assert where is None
    assert np.isnan(np.asarray(found)[-1])


def test_a_column_of_nothing_is_masked():
    """Nothing shows of which dtype it is."""
    found, where = missing.separate([None, None])
    assert (found.dtype, where.tolist()) == (np.float64, [True, True])


@pytest.mark.parametrize("value", [
    [1, 2], [[1.5], [2]], ["a", ""], 3, "a", np.arange(3), np.array(["a"]),
    np.array([1, 2], dtype=object), np.array(["a"], dtype=object), [], None,
])  # fmt: skip
def test_what_is_all_there_has_no_mask(value):
    """Nothing is lost or changed."""
    found, where = missing.separate(value)
    if value is None:
        assert where.tolist() is True
        return
    assert where is None
    assert found is value or np.asarray(found).tolist() == np.asarray(value).tolist()


def test_masks_are_inputs_beside_their_columns():
    """Maps and tensors are left alone."""
    tensor = Tensor("int64", np.array([1]))
    found = missing.with_masks({"a": [1, None], "b": {"c": [None]}, "t": tensor, "d": [1]})
    assert list(found) == ["a", "a:missing", "b", "t", "d"]
    assert found["t"] is tensor
