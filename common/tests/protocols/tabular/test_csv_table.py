import numpy as np
import pytest

from serving_runtime.errors import InvalidInput
from serving_runtime.protocols.tabular import csv_table
from serving_runtime.signature import ANY, Field, Nullable, Signature
from tests.support.cases import tensor

TABLE = Signature(
    "table",
    (Field("age", "int64", (-1,)), Field("city", "string", (-1,)), Field("h", "float32", (-1,))),
    (),
    nullable=(Nullable("age", numbers="float64"), Nullable("city")),
)
MATRIX = Signature("matrix", (Field("x", "float32", (-1, 4)),), ())


def signature(dtype, shape=(-1,), **more):
    """Return a signature with one input."""
    return Signature("one", (Field("x", dtype, shape),), (), **more)


def values(text, of=TABLE):
    """Return the values that are read, by the inputs' names."""
    payload = text if isinstance(text, bytes) else text.encode()
    return {name: it.array.tolist() for name, it in csv_table.read(payload, of).items()}


FOUND = {"age": [3, 4], "city": [b"K\xc3\xb6ln", b"x"], "h": [1.5, 2.0]}


@pytest.mark.parametrize(
    "text",
    [
        "3,Köln,1.5\n4,x,2\n",
        "3,Köln,1.5\r\n4,x,2",
        "age,city,h\n3,Köln,1.5\n4,x,2\n",
        "h,age,city\n1.5,3,Köln\n2,4,x\n",
        '"age","city","h"\n"3","Köln","1.5"\n\n4,x,2\n',
        "\ufeffage,city,h\n3,Köln,1.5\n4,x,2\n",
        "3.0,Köln,1.5\n4.0,x,2e0\n",
    ],
)
def test_a_table_is_read(text):
    """With a header or without one, in any order with one, quoted or not."""
    assert values(text) == FOUND


def test_quotes_hold_anything():
    """Commas, quotes, ends of lines: RFC 4180."""
    assert values('1,"a,""b""\nc",2\n')["city"] == [b'a,"b"\nc']


def test_an_empty_cell_is_missing():
    """NaN among floats, else the mask of the column."""
    found = values("1,x,\n,,2\n")
    assert np.isnan(found.pop("h")[0])
    assert found == {
        "age": [1, 0],
        "age:missing": [False, True],
        "city": [b"x", b""],
        "city:missing": [False, True],
    }


def test_an_empty_text_is_a_text_where_none_can_be_missing():
    """A column of texts that has no missing values may have empty ones."""
    assert values('a\n""\nb\n', signature("string")) == {"x": [b"a", b"", b"b"]}


@pytest.mark.parametrize(
    ("dtype", "cells", "expected"),
    [
        ("bool", "true\nFalse\n1\n0\nTRUE\n", [True, False, True, False, True]),
        ("uint64", f"{2**64 - 1}\n0\n", [2**64 - 1, 0]),
        ("float64", "1e3\ninf\n-0.0\n.5\n", [1000, float("inf"), -0.0, 0.5]),
        ("float16", "1\n65504\n", [1, 65504]),
        ("bfloat16", "1.001\n", [1.0]),
        (ANY, "1\n2\n", [1, 2]),
        (ANY, "1\n2.5\n", [1, 2.5]),
        (ANY, "a\nb\n", [b"a", b"b"]),
        ("qint8", "-3\n", [-3]),
    ],
)
def test_cells_are_of_the_dtype(dtype, cells, expected):
    """A table in CSV has no types of its own; what may be anything is what it looks like."""
    assert values(cells, signature(dtype)) == {"x": expected}


@pytest.mark.parametrize(
    ("of", "text", "expected"),
    [
        (MATRIX, "1,2,3,4\n5,6,7,8\n", [[1, 2, 3, 4], [5, 6, 7, 8]]),
        (signature("int8", (-1, 2, 2)), "1,2,3,4\n", [[[1, 2], [3, 4]]]),
        (signature("int8", (-1, -1)), "1,2,3\n4,5,6\n", [[1, 2, 3], [4, 5, 6]]),
        (signature("int8", None), "1,2,3\n", [[1, 2, 3]]),
        (signature("int8", (-1, 1)), "x\n1\n2\n", [[1], [2]]),
        (signature("int8", ()), "7\n", 7),
    ],
)
def test_lines_are_rows_of_one_input(of, text, expected):
    """One input takes all fields of a line, in its shape."""
    assert values(text, of) == {"x": expected}


def test_long_tables_are_read_in_blocks():
    """The texts of a block are gone before the next one is read."""
    text = "".join(f"{row},c{row},{row / 2}\n" for row in range(5000))
    found = values(text)
    assert found["age"] == list(range(5000))
    assert found["city"][4999] == b"c4999"
    assert found["h"][4999] == 2499.5


@pytest.mark.parametrize(
    ("of", "text", "expected"),
    [
        (TABLE, "", "no line: expected the fields age"),
        (TABLE, "1,x\n", r"line 1 has 2 fields, expected 3: age \(int64\[-1\]\), city"),
        (TABLE, "1,x,2\n1,x,2,3\n", "line 2 has 4 fields"),
        (TABLE, "1,x,2\ny,x,2\n", 'line 2, column "age" is "y", which is no int64$'),
        (
            TABLE,
            "Age,city,h\n1,x,2\n",
            'line 1, column "age" is "Age", .*; a header must have exactly the inputs',
        ),
        (TABLE, '1,"x,2\n', "line 1 is no CSV: unexpected end"),
        (TABLE, '1,"x"y,2\n', "line 1 is no CSV"),
        (TABLE, b"1,\xff,2\n", "not UTF-8 at byte 2"),
        (TABLE, "1.5,x,2\n", 'is "1.5", which is no int64'),
        (TABLE, "1_0,x,2\n", 'is "1_0", which is no int64'),
        (TABLE, "1e30,x,2\n", "no int64"),
        (TABLE, "inf,x,2\n", "no int64"),
        (TABLE, "nan,x,2\n", "no int64"),
        (TABLE, f"{2**63},x,2\n", 'column "age": .*does not fit|no int64'),
        (MATRIX, "1,2,3,1e39\n", 'column "x": 1e\\+39 overflows float32'),
        (MATRIX, "1,2,3,\n", "is empty, and cannot be missing"),
        (signature("bool"), "yes\n", "no bool"),
        (signature("complex64"), "1\n", "has no form in CSV: send JSON"),
        (signature("map"), "1\n", "has no form in CSV: send JSON"),
        (signature("int8", (-1, -1, -1)), "1\n", "has no form in CSV: send JSON"),
        (signature("int8", ()), "1\n2\n", "one row at a time, got 2 lines"),
    ],
)
def test_what_is_no_such_table_is_refused(of, text, expected):
    """With the line and the column."""
    with pytest.raises(InvalidInput, match=expected):
        values(text, of)


def test_a_long_field_is_refused_with_its_line():
    """The library bounds a field."""
    with pytest.raises(InvalidInput, match="line 1 is no CSV: field larger than"):
        values("1," + "x" * 200_000 + ",2\n")


def test_columns_are_written():
    """Floats in their shortest form; what has two axes takes several fields."""
    label = tensor("string", [b"a,b", "ü"]).array
    p = tensor("float32", [[0.1, 2], [float("nan"), 1e-45]]).array
    assert csv_table.write([label, p]).decode() == '"a,b",0.1,2.0\nü,nan,1e-45\n'
    with pytest.raises(UnicodeDecodeError):
        csv_table.write([tensor("string", [b"\xff"]).array])
