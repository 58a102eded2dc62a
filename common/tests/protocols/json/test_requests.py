import json

import numpy as np
import pytest

from serving_runtime.errors import InvalidInput
from serving_runtime.protocols.json import libraries, requests
from serving_runtime.protocols.json.requests import InputReader
from serving_runtime.protocols.request import Request
from serving_runtime.signature import Field, MapArray, Nullable, Signature

IRIS = Signature("iris", (Field("x", "float32", (-1, 4)),), ())
TEXT = Signature("text", (Field("x", "string", (-1,)),), ())
TABLE = Signature(
    "table",
    (Field("age", "int64", (-1,)), Field("city", "string", (-1,)), Field("h", "float32", (-1,))),
    (),
    nullable=(Nullable("age", numbers="float64"), Nullable("city")),
)
ROWS, COLUMNS = "rows", "columns"


@pytest.fixture(params=["all", "no simdjson", "no orjson", "none"])
def _library(request, monkeypatch):
    """Read with each of the libraries, as images have them."""
    if request.param in ("no simdjson", "none"):
        monkeypatch.setattr(libraries, "simdjson", None)
    if request.param in ("no orjson", "none"):
        monkeypatch.setattr(libraries, "orjson", None)


pytestmark = pytest.mark.usefixtures("_library")


def read(signature, value, form=ROWS):
    """Return what is read of instances or inputs, given as a value or as a text."""
    text = value if isinstance(value, str) else json.dumps(value)
    inputs = InputReader(signature)

    def interpret(reader):
        place = "instances" if form == ROWS else "inputs"
        found = getattr(inputs, form)(reader, reader.root, place)
        return Request("", found.tensors, unreadable=found.unreadable)

    return requests.decode(text.encode(), interpret)


def values(signature, value, form=ROWS):
    """Return the values that are read, by the inputs' names; none may be unreadable."""
    request = read(signature, value, form)
    assert request.unreadable == {}
    return {name: it.array.tolist() for name, it in request.tensors.items()}


def refusal(signature, value, form=ROWS):
    """Return why something is not read."""
    try:
        request = read(signature, value, form)
    except InvalidInput as error:
        return str(error)
    return "; ".join(request.unreadable.values())


FOUR = [[1, 2.5, -0.0, 1e-45], [5, 6, 7, 8]]


@pytest.mark.parametrize(
    ("value", "form"),
    [
        (FOUR, ROWS),
        ([{"x": row} for row in FOUR], ROWS),
        (FOUR, COLUMNS),
        ({"x": FOUR}, COLUMNS),
    ],
)
def test_one_input_has_a_name_or_none(value, form):
    """Rows and columns, with and without the name, are the same array."""
    request = read(IRIS, value, form)
    assert request.tensors["x"].dtype == "float32"
    expected = np.array(FOUR, np.float32)
    assert request.tensors["x"].array.tobytes() == expected.tobytes()


def test_a_long_text_is_read_likewise():
    """Where pysimdjson reads, since it is worth it, and where it does not."""
    rows = np.random.RandomState(0).rand(500, 4).astype(np.float32)
    named = [{"x": row} for row in rows.tolist()]
    for value, form in ((rows.tolist(), ROWS), (named, ROWS), ({"x": rows.tolist()}, COLUMNS)):
        assert read(IRIS, value, form).tensors["x"].array.tobytes() == rows.tobytes()


def test_bare_tokens_are_numbers():
    """NaN and the infinities, as TensorFlow Serving's clients send them."""
    found = values(IRIS, "[[NaN, Infinity, -Infinity, 1]]")["x"][0]
    assert found[1:] == [float("inf"), float("-inf"), 1]
    assert np.isnan(found[0])


TABLE_ROWS = [{"age": 3, "city": "Köln", "h": 1.5}, {"age": 4, "city": "", "h": 2}]
TABLE_COLUMNS = {"age": [3, 4], "city": ["Köln".encode(), b""], "h": [1.5, 2]}


def test_several_inputs_have_names():
    """An object for each row, or one for all; the order of the names is of no matter."""
    assert values(TABLE, TABLE_ROWS) == TABLE_COLUMNS
    turned = [dict(reversed(list(row.items()))) for row in TABLE_ROWS]
    assert values(TABLE, turned) == TABLE_COLUMNS
    columns = {"h": [1.5, 2], "city": ["Köln", ""], "age": [3, 4]}
    assert values(TABLE, columns, COLUMNS) == TABLE_COLUMNS


def test_null_is_a_missing_value():
    """NaN among floats, else the mask of the column, beside something of its dtype."""
    rows = [{"age": None, "city": "x", "h": None}, {"age": 2, "city": None, "h": 1}]
    found = values(TABLE, rows)
    assert np.isnan(found.pop("h")[0])
    assert found == {
        "age": [0, 2],
        "age:missing": [True, False],
        "city": [b"x", b""],
        "city:missing": [False, True],
    }


def test_a_mask_of_the_request_marks_the_more():
    """Whatever is marked by either is missing."""
    columns = {"age": [1, None, 3], "age:missing": [True, False, False], "city": [], "h": []}
    assert values(TABLE, columns, COLUMNS)["age:missing"] == [True, True, False]
    turned = dict(reversed(list(columns.items())))
    assert values(TABLE, turned, COLUMNS)["age:missing"] == [True, True, False]


@pytest.mark.parametrize("signature", [IRIS, TEXT])
def test_null_is_refused_elsewhere(signature):
    """The place is named: no column can hold a missing value there."""
    row = [1, 2, None, 4] if signature is IRIS else None
    assert "is null" in refusal(signature, [row])


def test_texts_may_be_base64():
    """An object of that one key is a text, in rows and in columns."""
    assert values(TEXT, ["a", {"b64": "/wA="}])["x"] == [b"a", b"\xff\0"]
    assert values(TEXT, [{"b64": "/wA="}, "a"])["x"] == [b"\xff\0", b"a"]
    assert values(TEXT, {"x": [{"b64": "/wA="}]}, COLUMNS)["x"] == [b"\xff\0"]
    one = Signature("one", (Field("x", "string", ()),), ())
    assert values(one, {"b64": "/wA="}, COLUMNS)["x"] == b"\xff\0"


def test_complex_numbers_are_pairs():
    """The real part and the imaginary one."""
    signature = Signature("c", (Field("x", "complex64", (-1, 2)),), ())
    assert values(signature, [[[1, 2], [3, -0.5]]])["x"] == [[1 + 2j, 3 - 0.5j]]
    assert "real and imaginary part" in refusal(signature, [[1, 2, 3]])
    assert "overflows" in refusal(signature, [[[1e39, 0], [0, 0]]])


USER = Field("user", "map", (), (Field("name", "string", ()), Field("ok", "bool", (1,))))


def test_maps_are_objects():
    """A map's fields are read as it declares them, and lists of maps too."""
    signature = Signature("m", (USER, Field("n", "int8", ())), ())
    user = {"name": "a", "ok": [True]}
    found = read(signature, {"user": user, "n": 1}, COLUMNS)
    assert found.unreadable == {}
    assert found.tensors["user"]["name"].array.tolist() == b"a"
    assert found.tensors["user"]["ok"].dtype == "bool"
    rows = read(signature, [{"user": user, "n": 1}] * 2).tensors["user"]
    assert isinstance(rows, MapArray)
    assert rows.array.shape == (2,)
    wrong = refusal(signature, {"user": {"name": 1, "ok": [True]}, "n": 1}, COLUMNS)
    assert wrong == "inputs.user.name is 1: expected a text for string"


def test_integers_are_exact():
    """All of 64 bits, and nothing beyond them or between them."""
    signature = Signature("i", (Field("x", "uint64", (-1,)),), ())
    assert values(signature, [2**64 - 1, 0])["x"] == [2**64 - 1, 0]
    assert refusal(signature, [2**64]) == f"instances[0] is {2**64}, beyond uint64"
    assert refusal(signature, [0, -1]) == "instances[1] is -1, beyond uint64"
    assert "instances[0] is 1.5: expected an integer" in refusal(signature, [1.5])


@pytest.mark.parametrize(
    ("signature", "value", "expected"),
    [
        (IRIS, {"x": [1]}, "instances is an object: expected a list of rows"),
        (IRIS, [], "instances is an empty list: expected a row at least"),
        (IRIS, 3, "instances is 3: expected a list of rows"),
        (IRIS, [[1, 2], [3]], "instances[1] has 1 elements, but instances[0] has 2"),
        (IRIS, [[1], ["a"]], 'instances[1][0] is "a": expected a number for float32'),
        (
            IRIS,
            [{"x": [1]}, {"x": ["a"]}],
            'instances[1].x[0] is "a": expected a number for float32',
        ),
        (
            IRIS,
            [{"x": [1, 2]}, {"x": [3]}],
            "instances[1].x has 1 elements, but instances[0].x has 2",
        ),
        (IRIS, [{"x": [1]}, [1]], "instances[1] is no object, but instances[0] is one"),
        (IRIS, [{"x": 1}, {}], 'instances[1] lacks "x", which instances[0] has'),
        (IRIS, [{"x": 1}, {"y": 1}], 'instances[1] lacks "x", which instances[0] has'),
        (
            IRIS,
            [{"x": 1}, {"x": 1, "y": 2}],
            'instances[1] has "y", which instances[0] has not',
        ),
        (
            TABLE,
            [1, 2],
            "instances has values without names, but the signature has the inputs age, city, h: "
            "send an object with a value for each",
        ),
    ],
)
def test_what_is_wrong_has_a_place(signature, value, expected):
    """The row, the input and the element, in the order in which they stand in the request."""
    assert refusal(signature, value) == expected


def test_all_inputs_that_cannot_be_read_are_named():
    """A client learns of each at once."""
    columns = {"age": ["a"], "city": [1], "h": [True]}
    assert set(read(TABLE, columns, COLUMNS).unreadable) == {"age", "city", "h"}


def test_a_name_that_the_signature_has_not_is_left_to_the_checks():
    """They know which name may have been meant."""
    assert set(read(TABLE, {"agee": [1]}, COLUMNS).tensors) == {"agee"}


def test_names_may_have_any_letters():
    """Also a NUL, which ends a name for one of the libraries; the text is long enough for it."""
    fields = tuple(Field(name, "float32", (-1,)) for name in ("a\0b", "ü\n", '"'))
    columns = {it.name: [0.5] * 1000 for it in fields}
    found = values(Signature("odd", fields, ()), columns, COLUMNS)
    assert found == columns


def test_many_unreadable_inputs_are_not_all_read():
    """What does not fit into the message need not be found."""
    fields = tuple(Field(f"x{index}", "float32", (-1,)) for index in range(20))
    wrong = refusal(Signature("wide", fields, ()), {it.name: ["a"] for it in fields}, COLUMNS)
    assert wrong.count('"a"') == 8


def test_the_name_of_the_signature_is_a_text():
    """None is as none at all."""
    assert requests.signature_name({}) == requests.signature_name({"signature_name": None}) == ""
    assert requests.signature_name({"signature_name": "x"}) == "x"
    with pytest.raises(InvalidInput, match="signature_name is no text"):
        requests.signature_name({"signature_name": 3})
