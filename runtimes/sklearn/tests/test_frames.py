"""Frames of a request's arrays, beside a pandas: common's own tests run without one."""

import numpy as np
import pandas
import pytest

from serving_runtime.framework import columns
from serving_runtime.signature import Field

AGE = Field("age", "float64", (-1,))
HEIGHT = Field("height", "float64", (-1, 1))
NAME = Field("name", "string", (-1,))


@pytest.mark.parametrize("fields", [(AGE, HEIGHT), (AGE, NAME)], ids=["alike", "mixed"])
def test_a_frame_has_its_columns_in_the_order_of_the_names(fields):
    """One dtype or several, the frame is the same as pandas' own."""
    values = {"float64": [1.5, 2.5], "string": ["a", "b"]}
    inputs = {
        field.name: np.array(values[field.dtype], dtype=object if field is NAME else float)
        for field in fields
    }
    names = [field.name for field in reversed(fields)]
    found = columns.joining(fields, names)(inputs)
    assert list(found.columns) == names
    pandas.testing.assert_frame_equal(
        found, pandas.DataFrame({name: inputs[name] for name in names})
    )


def test_a_frame_of_a_matrix_has_the_names():
    """User code may rename a frame's columns without renaming those of the next."""
    frame = columns.framing(("a", "b"))
    first, second = frame(np.ones((2, 2))), frame(np.zeros((2, 2)))
    first.columns.name = "changed"
    assert (list(second.columns), second.columns.name) == (["a", "b"], None)
