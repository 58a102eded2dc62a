import numpy as np
import pytest

from serving_runtime.errors import LoadError
from serving_runtime.framework import columns
from serving_runtime.signature import Field, Signature

AGE = Field("age", "float64", (-1,))
HEIGHT = Field("height", "float64", (-1, 1))


@pytest.mark.parametrize(
    ("shape", "expected"),
    [((-1,), True), ((-1, 1), True), ((-1, 4), False), ((-1, 1, 1), False), (None, False)],
)
def test_a_column_has_one_value_for_each_row(shape, expected):
    """An axis of one beside the rows makes no difference."""
    assert columns.is_column(Field("x", "float64", shape)) is expected


def test_an_input_that_is_no_column_is_refused():
    """The text names the signature, the input, what it is and what would do."""
    wide = Field("pixels", "uint8", (-1, 28, 28))
    with pytest.raises(LoadError) as caught:
        columns.validate_columns(Signature("predict", (AGE, wide), ()))
    assert 'signature "predict", input "pixels"' in str(caught.value)
    assert "expected [-1] or [-1, 1]" in str(caught.value)


def test_columns_are_accepted():
    """Both ways of declaring one do."""
    assert columns.validate_columns(Signature("predict", (AGE, HEIGHT), ())) is None


@pytest.mark.parametrize(
    ("shape", "expected"), [((3,), (3, 1)), ((3, 2), (3, 2)), ((3, 2, 4), (3, 8)), ((0, 2), (0, 2))]
)
def test_a_matrix_has_a_row_for_each_row(shape, expected):
    """A list is one column, and what has more axes is flattened behind the first."""
    assert columns.matrix(np.zeros(shape)).shape == expected


def test_columns_are_stacked_in_the_order_of_the_names():
    """The order of the request's inputs means nothing."""
    inputs = {"age": np.array([1.0, 2.0]), "height": np.array([[3.0], [4.0]])}
    found = columns.stacked(inputs, ("height", "age"))
    np.testing.assert_array_equal(found, [[3.0, 1.0], [4.0, 2.0]])


def test_pandas_is_asked_for_where_it_is_missing(monkeypatch):
    """The text names the signature, and what the image should have."""
    monkeypatch.setattr(columns, "has_pandas", lambda: False)
    with pytest.raises(LoadError) as caught:
        columns.require_pandas("predict")
    assert 'signature "predict" gives the model columns by name' in str(caught.value)
