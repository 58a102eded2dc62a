import numpy as np
import pytest

from serving_runtime.validation import containers
from serving_runtime.validation.objects import NotATensor
from serving_runtime.validation.tensors import as_tensor


class Nullable:
    """A dtype as tables have it, beside the mask that NumPy has not."""

    def __init__(self, numpy_dtype):
        self.numpy_dtype = np.dtype(numpy_dtype)


class Column:
    """A column whose values may be missing, and that rounds when it is asked for an array."""

    def __init__(self, values, dtype=None):
        self.dtype = dtype or np.dtype(object)
        self._values = values
        self.ndim = 1

    def isna(self):
        """Mark the missing values."""
        return np.array([value is None for value in self._values])

    def __array__(self, dtype=None, copy=None):
        if dtype is None and isinstance(self.dtype, Nullable):
            dtype = float
        return np.array(self._values, dtype)

    def __len__(self):
        return len(self._values)


class Table:
    """Columns side by side, one of which is called as a method of sparse matrices is."""

    def __init__(self, *columns):
        self._columns = columns
        self.dtypes = [column.dtype for column in columns]
        self.shape = (len(columns[0]) if columns else 0, len(columns))
        self.ndim = 2
        self.iloc = self
        self.toarray = columns

    def __getitem__(self, key):
        return self._columns[key[1]]

    def __len__(self):
        return self.shape[0]

    def isna(self):
        """Mark the missing values."""
        return np.stack([column.isna() for column in self._columns], axis=1)

    def __array__(self, dtype=None, copy=None):
        return np.array([np.asarray(column) for column in self._columns], dtype).T


class Sparse:
    """A matrix that is zero nearly everywhere."""

    dtype = np.dtype("f4")

    def __init__(self, shape=(1, 2)):
        self.shape = shape

    def toarray(self):
        """Return all of it."""
        return np.ones(self.shape, self.dtype)


def test_a_column_without_missing_values_keeps_its_dtype():
    """Large integers are not rounded on their way."""
    tensor = as_tensor(Column([2**60 + 1, 2], Nullable("i8")), "any")
    assert (tensor.dtype, tensor.array.tolist()) == ("int64", [2**60 + 1, 2])
    assert as_tensor(Column([1, 2], Nullable("i1")), "any").dtype == "int8"
    assert as_tensor(Column([True], Nullable("?")), "any").dtype == "bool"
    assert as_tensor(Column(["a"], Nullable("U")), "any").array.tolist() == [b"a"]


def test_missing_values_of_a_column_are_nan_or_named():
    """Floats have NaN, and whatever can be floats where these are declared."""
    floats = as_tensor(Column([1.5, None], Nullable("f4")), "any")
    assert (floats.dtype, np.isnan(floats.array).tolist()) == ("float32", [False, True])
    assert np.isnan(as_tensor(Column([1, None], Nullable("i8")), "float64").array[1])
    for column, words in (
        (Column([1, None], Nullable("i8")), "integers with a missing value"),
        (Column([True, None], Nullable("?")), "bools with a missing value"),
        (Column(["a", None]), "strings with a missing value"),
    ):
        with pytest.raises(NotATensor, match=words):
            as_tensor(column, "any")


def test_a_table_is_an_array_of_its_columns():
    """Of several dtypes they are what holds each value exactly, and no dtype holds text as well."""
    same = Table(Column([1.5, 2], np.dtype(float)), Column([3, 4.5], np.dtype(float)))
    assert as_tensor(same, "any").array.tolist() == [[1.5, 3], [2, 4.5]]
    mixed = Table(Column([1, 2], Nullable("i1")), Column([0.5, None], Nullable("f8")))
    tensor = as_tensor(mixed, "any")
    assert tensor.dtype == "float64"
    np.testing.assert_array_equal(tensor.array, [[1, 0.5], [2, np.nan]])
    large = Table(Column([2**60 + 1], Nullable("i8")), Column([0.5], Nullable("f8")))
    with pytest.raises(NotATensor, match="1152921504606846977 is not exact in float64"):
        as_tensor(large, "any")
    with pytest.raises(NotATensor, match="objects of types int and str"):
        as_tensor(Table(Column(["a"]), Column([1], Nullable("i8"))), "any")
    assert as_tensor(Table(), "float32").array.size == 0


def test_sparse_matrices_become_dense_where_a_message_holds_them():
    """A small one of a billion rows is refused before it is made."""
    assert str(as_tensor(Sparse(), "any")) == "float32[1, 2]"
    assert str(as_tensor([Sparse(), Sparse()], "any")) == "float32[2, 1, 2]"
    with pytest.raises(NotATensor, match="a Sparse of shape .*, 4000000000 bytes when dense"):
        as_tensor(Sparse((10**9, 1)), "any")


@pytest.mark.parametrize("value", [1.5, "a", np.float32(1), b"", object()])
def test_everything_else_is_none_of_these(value):
    """It is left to NumPy."""
    assert containers.read(value) is None
