"""What pandas and SciPy have instead of arrays, as results and as a client's arguments."""

import numpy as np
import pandas
import pytest
import scipy.sparse

from serving_runtime.signature import Field, Signature
from serving_runtime.validation import validate_outputs
from serving_runtime.validation.tensors import NotATensor, as_tensor
from sklearn_runtime.results import dense

NAN = float("nan")
HAS_NULLABLES = hasattr(pandas, "NA")  # pandas 1.0


def frame(**columns):
    """Return a frame of columns in this order."""
    return pandas.DataFrame(columns, columns=list(columns))


CONVERTED = {
    "series": (pandas.Series([1, 2], dtype="int8"), np.array([1, 2], "i1")),
    "series of text": (pandas.Series(["é", "b"]), np.array(["é".encode(), b"b"], object)),
    "series with NaN": (pandas.Series([1.5, None]), np.array([1.5, NAN])),
    "index": (pandas.Index([1, 2]), np.array([1, 2])),
    "Int64": (pandas.Series([2**60 + 1, 2], dtype="Int64"), np.array([2**60 + 1, 2])),
    "Int8": (pandas.array([1, 2], dtype="Int8"), np.array([1, 2], "i1")),
    "categories of text": (pandas.Categorical(["a", "b"]), np.array([b"a", b"b"], object)),
    "categories of integers": (pandas.Series([3, 1], dtype="category"), np.array([3, 1])),
    "frame": (frame(a=[1.0, 2.0], b=[3.0, 4.0]), np.array([[1.0, 3.0], [2.0, 4.0]])),
    "frame of one dtype": (frame(a=[1, 2]).astype("i2"), np.array([[1], [2]], "i2")),
    "frame of two dtypes": (frame(a=[1, 2], b=[0.5, 1.5]), np.array([[1, 0.5], [2, 1.5]])),
    "frame of text": (frame(a=["x"], b=["y"]), np.array([[b"x", b"y"]], object)),
    "sparse matrix": (scipy.sparse.csr_matrix([[0, 1.5]]), np.array([[0, 1.5]])),
    "sparse of coordinates": (scipy.sparse.coo_matrix(np.eye(2)), np.eye(2)),
    "list of sparse": ([scipy.sparse.csc_matrix([[0, 1]])], np.array([[[0, 1]]])),
    "list of series": ([pandas.Series([1, 2]), pandas.Series([3, 4])], np.array([[1, 2], [3, 4]])),
}  # fmt: skip
REFUSED = {
    "dates": (pandas.Series(pandas.to_datetime(["2026-01-01"])), "datetime64"),
    "dates of a zone": (
        pandas.Series(pandas.to_datetime(["2026-01-01"])).dt.tz_localize("UTC"),
        "objects of type Timestamp|datetime64",
    ),
    "text and numbers": (frame(a=["x"], b=[1]), "objects of types int and str"),
    "flags and numbers": (frame(a=[True], b=[1.5]), "objects of types bool and float"),
    "missing text": (pandas.Series(["a", None]), "strings with a missing value"),
    "missing categories": (pandas.Categorical(["a", None]), "strings with a missing value"),
    "missing integers": (pandas.Series([1, None], dtype="Int64"), "integers with a missing value"),
    "large and missing": (
        frame(a=pandas.Series([2**60 + 1], dtype="Int64"), b=[0.5]),
        "1152921504606846977 is not exact in float64",
    ),
    "several levels": (pandas.MultiIndex.from_tuples([(1, "a")]), "no array|objects of type tuple"),
    "huge sparse": (scipy.sparse.csr_matrix((2**20, 2**20)), "a csr_matrix of shape .* when dense"),
}
if HAS_NULLABLES:
    CONVERTED["boolean"] = (pandas.array([True, False], dtype="boolean"), np.array([True, False]))
    CONVERTED["string"] = (pandas.array(["a"], dtype="string"), np.array([b"a"], object))
    CONVERTED["sparse column"] = (pandas.arrays.SparseArray([0, 1.5]), np.array([0, 1.5]))
    REFUSED["missing flags"] = (pandas.array([True, None], dtype="boolean"), "bools with a missing")
    REFUSED["missing string"] = (
        pandas.array(["a", None], dtype="string"),
        "strings with a missing",
    )
    REFUSED["NA in a list"] = ([1, pandas.NA], "integers with a missing value")
if hasattr(pandas, "Float64Dtype"):
    CONVERTED["Float32"] = (pandas.array([1.5, None], dtype="Float32"), np.array([1.5, NAN], "f4"))
if hasattr(scipy.sparse, "csr_array"):
    CONVERTED["sparse array"] = (scipy.sparse.csr_array([[0, 1]]), np.array([[0, 1]]))


def same(found, expected):
    """Compare dtype and values; NaN is itself."""
    assert (found.dtype, found.shape) == (expected.dtype, expected.shape)
    if expected.dtype == object:
        assert found.tolist() == expected.tolist()
    else:
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize(("value", "expected"), CONVERTED.values(), ids=CONVERTED)
def test_tables_columns_and_sparse_matrices_become_arrays(value, expected):
    """As they are, and as the runtime hands them on; by themselves and in a map."""
    signature = Signature("s", (), (Field("y", "any"),))
    for result in (value, {"inner": value}, dense(value)):
        found = validate_outputs(signature, {"y": result})["y"]
        same((found["inner"] if isinstance(found, dict) else found).array, expected)
    same(as_tensor(value, "any").array, expected)


@pytest.mark.parametrize(("value", "words"), REFUSED.values(), ids=REFUSED)
def test_what_no_array_holds_is_refused_by_name(value, words):
    """Whatever pandas itself would make of it."""
    with pytest.raises(NotATensor, match=words):
        as_tensor(value, "any")


@pytest.mark.parametrize("values", [[1, None], [None, None]])
def test_missing_integers_are_nan_where_floats_are_declared(values):
    """As pandas has them too."""
    found = as_tensor(pandas.Series(values, dtype="Int64"), "float32").array
    assert np.isnan(found[1])
