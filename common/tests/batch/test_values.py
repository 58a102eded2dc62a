import numpy as np
import pyarrow as pa
import pytest

from serving_runtime.batch.binding import Wishes, bind
from serving_runtime.batch.values import ColumnReader, UnfitRows
from serving_runtime.errors import InvalidInput
from serving_runtime.signature import FREE, Field, Nullable, Signature


def read(fields, columns, is_text=False, string_type=str, nullable=(), **wishes):
    """Return the tensors of some columns, as plain lists."""
    signature = Signature("infer", tuple(fields), (), nullable=tuple(map(Nullable, nullable)))
    batch = pa.record_batch(columns)
    binding = bind(signature, batch.schema, Wishes(**wishes), is_text)
    found = ColumnReader(binding, string_type, "same_kind").tensors(batch)
    return {name: (it.dtype, it.array.tolist()) for name, it in found.items()}


def column(dtype, name="x"):
    """Return an input of one value a row."""
    return Field(name, dtype, (FREE,))


@pytest.mark.parametrize(
    ("dtype", "array", "expected"),
    [
        ("float64", pa.array([1, 2], pa.int8()), ("int8", [1, 2])),
        ("float32", pa.array([1.5, 2], pa.float64()), ("float64", [1.5, 2])),
        ("bool", pa.array([True, False]), ("bool", [True, False])),
        ("float64", pa.array([1, 2], pa.decimal128(5, 2)), ("float64", [1, 2])),
        ("string", pa.array(["é", ""]), ("string", ["é", ""])),
        ("string", pa.array(["b", "a", "b"]).dictionary_encode(), ("string", ["b", "a", "b"])),
        ("any", pa.array(["b"], pa.large_string()), ("string", ["b"])),
    ],
)
def test_columns_are_read_as_they_are(dtype, array, expected):
    """Casts are the checks' matter, which every request goes through too."""
    assert read([column(dtype)], {"x": array}) == {"x": expected}


def test_texts_are_what_the_model_takes():
    """A framework that takes bytes gets bytes."""
    assert read([column("string")], {"x": ["é"]}, string_type=bytes)["x"][1] == ["é".encode()]


def test_a_missing_float_is_nan():
    """Floats can say themselves that there is no value."""
    [(dtype, values)] = read([column("float32")], {"x": pa.array([1, None], pa.float32())}).values()
    assert dtype == "float32"
    assert np.isnan(values[1])


def test_what_can_be_missing_has_a_mask():
    """Where the model's columns can have missing values, these are marked as in a request."""
    found = read([column("int64"), column("string", "s")], {"x": [1, None], "s": [None, "a"]},
                 nullable=("x", "s"))  # fmt: skip
    assert found["x:missing"] == ("bool", [False, True])
    assert found["s:missing"] == ("bool", [True, False])
    assert found["x"] == ("int64", [1, 0])


def test_rows_without_a_value_are_named():
    """Where a value is needed, the rows that lack it are the bad ones, and all of them."""
    with pytest.raises(UnfitRows) as raised:
        read([column("int64")], {"x": [None, 1, None]})
    assert sorted(raised.value.reasons) == [0, 2]
    assert raised.value.reasons[0] == 'column "x" has no value, and input "x" needs one (int64[-1])'


@pytest.mark.parametrize(
    ("dtype", "texts", "expected"),
    [
        ("float64", ["1.5", " 2 ", "1e3", "nan"], [1.5, 2, 1000, "nan"]),
        ("int64", ["1", "-2", "3.0", "9007199254740993"], [1, -2, 3, 9007199254740993]),
        ("bool", ["true", "False", "1", "0"], [True, False, True, False]),
        ("string", ["007", ""], ["007", ""]),
    ],
)
def test_texts_of_a_csv_are_read_as_declared(dtype, texts, expected):
    """Those of one that is read as such, and what a table's writer makes of integers."""
    [(_, values)] = read([column(dtype)], {"x": texts}, is_text=True).values()
    assert [str(it) if str(it) == "nan" else it for it in values] == expected


def test_a_text_that_is_no_number_is_a_bad_row():
    """Its neighbours in the same column are read."""
    with pytest.raises(UnfitRows) as raised:
        read([column("int8")], {"x": ["1", "two", "300"]}, is_text=True)
    assert raised.value.reasons == {
        1: 'column "x" has "two", which is no int8',
        2: 'column "x" has "300", which is no int8',
    }


def test_columns_are_joined_to_rows():
    """Columns of several dtypes become one matrix of what is declared."""
    columns = {"a": pa.array([1, 2], pa.int64()), "b": pa.array([0.5, None])}
    [(dtype, values)] = read([Field("x", "float32", (FREE, 2))], columns).values()
    assert dtype == "float32"
    assert str(values) == "[[1.0, 0.5], [2.0, nan]]"


def test_a_value_that_would_be_lost_is_refused():
    """Joining columns casts as strictly as a request's inputs are cast."""
    columns = {"a": pa.array([2**53 + 1]), "b": [0.5]}
    with pytest.raises(InvalidInput, match="9007199254740993 is not exact in float64"):
        read([Field("x", "float64", (FREE, 2))], columns)


@pytest.mark.parametrize("kind", [pa.list_(pa.int64()), pa.list_(pa.int64(), 2)])
def test_lists_are_rows(kind):
    """Lists of any kind, also those of a slice."""
    array = pa.array([[9, 9], [1, 2], [3, 4]], kind).slice(1)
    assert read([Field("x", "int64", (FREE, 2))], {"x": array}) == {
        "x": ("int64", [[1, 2], [3, 4]])
    }


def test_lists_of_lists_are_rows_of_more_axes():
    """Pictures are lists of lists."""
    array = pa.array([[[1], [2]], [[3], [4]]])
    found = read([Field("x", "int64", (FREE, 2, 1))], {"x": array})
    assert found == {"x": ("int64", [[[1], [2]], [[3], [4]]])}


def test_ragged_lists_are_refused():
    """Rows of different lengths cannot be in one call."""
    with pytest.raises(InvalidInput, match="lists of different lengths"):
        read([Field("x", "int64", (FREE, FREE))], {"x": [[1], [2, 3]]})
