"""How the page's script reads what people write, paste and choose: in a real Chromium."""

import io
import json
import shlex

import numpy as np
import pytest

pytestmark = pytest.mark.apt


@pytest.fixture(scope="module")
def script(window, web):
    """A window with the page's functions, none of which changes anything."""
    window.open(web.address)
    window.labelled("images")
    return window


FLOATS = {"name": "x", "dtype": "float32", "shape": [-1, 2]}
VECTOR = {"name": "x", "dtype": "int64", "shape": [-1]}
SCALAR = {"name": "x", "dtype": "float64", "shape": []}
TEXTS = {"name": "x", "dtype": "string", "shape": [-1]}
CUBE = {"name": "x", "dtype": "uint8", "shape": [-1, 2, 2]}
ANY = {"name": "x", "dtype": "any", "shape": None}


@pytest.mark.parametrize(
    ("field", "text", "expected"),
    [
        (FLOATS, "[[1, 2]]", "[[1, 2]]"),
        (FLOATS, "1\t2\n3\t4", "[[1,2],[3,4]]"),
        (FLOATS, "a,b\n1,2", "[[1,2]]"),
        (FLOATS, "1,5;2,25", "[[1.5,2.25]]"),
        (FLOATS, "1 2 3 4", "[[1,2],[3,4]]"),
        (FLOATS, "nan,-inf", "[[NaN,-Infinity]]"),
        (FLOATS, "1,", "[[1,null]]"),
        (FLOATS, '"1","2"\r\n"3","4"\r\n', "[[1,2],[3,4]]"),
        (VECTOR, "007", "[7]"),
        (VECTOR, "18446744073709551616", "[18446744073709551616]"),
        (VECTOR, "1\n2\n3", "[1,2,3]"),
        (SCALAR, " +.5e3 ", "0.5e3"),
        (SCALAR, "-0", "-0"),
        (TEXTS, "a b\nc", '["a b","c"]'),
        (TEXTS, '["a", "b"]', '["a", "b"]'),
        (TEXTS, "[sic] quoted", '["[sic] quoted"]'),
        (TEXTS, "a\tb", '["a","b"]'),
        ({**TEXTS, "shape": [-1, 2]}, 'a,"b, c"\nd,e', '[["a","b, c"],["d","e"]]'),
        ({**TEXTS, "shape": [-1, 2]}, "a; b\nc, d", '[["a; b","c, d"]]'),
        ({**TEXTS, "shape": []}, "two\nlines", '"two\\nlines"'),
        ({**TEXTS, "shape": []}, "", '""'),
        (CUBE, "1 2 3 4 5 6 7 8", "[[[1,2],[3,4]],[[5,6],[7,8]]]"),
        (ANY, "1", "1"),
        (ANY, "hello, 2", '["hello",2]'),
        ({**SCALAR, "dtype": "map"}, '{"a": [1]}', '{"a": [1]}'),
    ],
)
def test_texts_become_json(script, field, text, expected):
    """What people write and paste becomes the JSON of the field, its digits untouched."""
    assert script.run("return toJson(arguments[0], arguments[1])", field, text) == expected


@pytest.mark.parametrize(
    ("field", "text", "words"),
    [
        (FLOATS, "", "is empty: expected float32[-1, 2]"),
        (FLOATS, "1 2\n3", "has 1 cells in row 2, and 2 in row 1"),
        (FLOATS, "1 2 3", "has 3 values, which do not fill float32[-1, 2]"),
        (FLOATS, "1\tx", 'has "x": expected float32[-1, 2]'),
        (FLOATS, "1,500\t2", "has 1,500, which may be 1.500 or 1500: write it without the comma"),
        (SCALAR, "1 2", "has 2 values: expected one, float64[]"),
        ({**SCALAR, "dtype": "map"}, "a", "is no JSON"),
    ],
)
def test_texts_that_are_none_are_refused(script, field, text, words):
    """What is wrong with a text is said, with what was expected."""
    call = "try { return toJson(arguments[0], arguments[1]) } catch (it) { return it.message }"
    assert script.run(call, field, text).startswith(words)


COLUMNS = [{**VECTOR, "name": "a", "dtype": "float64"}, {**TEXTS, "name": "b"}]


@pytest.mark.parametrize(
    ("table", "texts"),
    [
        ("b,a\nx,1\ny,", ["[1,null]", '["x","y"]']),
        ("a;b\n1,5;x\n-2,25;y", ["[1.5,-2.25]", '["x","y"]']),
        ('a\tb\n1,500\t"x\ny"', ['"1,500"', '["x\\ny"]']),
        ("id,a,b\n7,1,x\n8,2,y", ["[1,2]", '["x","y"]']),
    ],
)
def test_columns_go_into_their_fields(script, table, texts):
    """A table's header says whose column each is; a number that is in doubt stays as it is."""
    call = "const columns = columnsOf(arguments[0], arguments[1]);"
    call += "return arguments[0].map((it) => columnText(it, columns.get(it.name)))"
    assert script.run(call, COLUMNS, table) == texts


def test_columns_have_the_shapes_of_their_fields(script):
    """One cell in each row of a matrix of one column, one alone for a scalar, a list otherwise."""
    cells = {(-1, 1): "[[1],[2]]", (-1,): "[1,2]", (2,): "[1,2]", None: "[1,2]", (): '"1","2"'}
    for shape, expected in cells.items():
        field = {**COLUMNS[0], "shape": None if shape is None else list(shape)}
        assert script.run("return columnText(arguments[0], ['1', '2'])", field) == expected
    texts = {**COLUMNS[1], "shape": [-1, 1]}
    assert script.run("return columnText(arguments[0], ['a', ''])", texts) == '[["a"],[""]]'


def test_code_speaks_tls_where_the_page_does(script):
    """A service with certificates has them on both ports."""
    made = script.run("""
        const call = { ...callOf(bodyOf(true)), isSecure: true, address: "a:1", token: "$TOKEN" };
        return SNIPPETS.map(([, write]) => write(call)).join("");
    """)
    assert "-plaintext" not in made
    assert "insecure_channel" not in made
    for words in ("ssl=True", 'ConnectionOptions(tls=True, token=os.environ["TOKEN"])'):
        assert words in made
    assert made.count('grpc.secure_channel("a:1", grpc.ssl_channel_credentials())') == 2


@pytest.mark.parametrize("table", ["a", "a,c\n1,2", "a,a\n1,2", "1,2\n3,4", "x y"])
def test_other_tables_stay_in_their_field(script, table):
    """A table that names no inputs, or others, is for one field."""
    assert script.run("return columnsOf(arguments[0], arguments[1])", COLUMNS, table) is None


@pytest.mark.parametrize(
    "array",
    [
        np.array([[1.5, -2], [0.1, np.nan]], "<f4"),
        np.array([1.5, 65504, -0.0, 6e-8], "<f2"),
        np.array(3.25),
        np.array([[1, 2], [3, 4]], ">i2", order="F"),
        np.zeros((2, 0), "<u8"),
        np.array([b"ab", b""]),
        np.array(["snow 雪", ""]),
    ],
    ids=lambda it: f"{it.dtype.str}{it.shape}",
)
def test_arrays_of_numpy_are_read(script, array):
    """Each dtype and order of an .npy file is read as NumPy wrote it."""
    file = io.BytesIO()
    np.save(file, array)
    call = "return npyToJson(new Uint8Array(arguments[0]))"
    read = json.loads(script.run(call, list(file.getvalue())))
    texts = array.astype(str) if array.dtype.kind == "S" else array
    np.testing.assert_array_equal(np.array(read, texts.dtype).reshape(array.shape), texts)


def test_shell_texts_are_quoted(script):
    """A command in a shell gets each text as it is."""
    for text in ("it's", '$(ls) `ls` "\\', "''"):
        assert shlex.split(script.run("return shellText(arguments[0])", text)) == [text]
