import io
import json

import numpy as np
import pytest

from serving_runtime.errors import InvalidInput
from serving_runtime.protocols.tabular.invocations import Invocations
from serving_runtime.settings import Settings
from serving_runtime.signature import Contract, Field, Nullable, Signature
from tests.support.cases import tensor

TABLE = Signature(
    "table",
    (Field("age", "int64", (-1,)), Field("city", "string", (-1,))),
    (Field("label", "string", (-1,)), Field("p", "float32", (-1, 2))),
    nullable=(Nullable("age", numbers="float64"), Nullable("city")),
)
IRIS = Signature("iris", (Field("x", "float32", (-1, 4)),), (Field("y", "int64", (-1,)),))
ONE_ROW = Signature(
    "row", (Field("a", "float32", ()), Field("b", "float32", ())), (Field("y", "float32", ()),)
)
OUTPUTS = {
    "label": tensor("string", ["a", "b"]),
    "p": tensor("float32", [[0.1, 0.2], [0.3, 1]]),
}
ROWS = '{"predictions":[{"label":"a","p":[0.1,0.2]},{"label":"b","p":[0.3,1.0]}]}'
COLUMNS = '{"predictions":{"label":["a","b"],"p":[[0.1,0.2],[0.3,1.0]]}}'


def decoded(body, *signatures, kind="", accept=""):
    """Return what answers for a model, and the request in a body."""
    protocol = Invocations(Contract("m", signatures or (TABLE,)), Settings.from_env({}))
    payload = body if isinstance(body, bytes) else json.dumps(body).encode()
    attributes = {"content-type": kind, "accept": accept}
    return protocol, protocol.decode(payload, "", {k: it for k, it in attributes.items() if it})


def values(body, *signatures, **more):
    """Return the values that are read, by the inputs' names; none may be unreadable."""
    _, request = decoded(body, *signatures, **more)
    assert request.unreadable == {}
    return {name: it.array.tolist() for name, it in request.tensors.items()}


FOUND = {"age": [1, 2], "city": [b"x", b"y"]}
RECORDS = [{"age": 1, "city": "x"}, {"age": 2, "city": "y"}]
SPLIT = {"columns": ["city", "age"], "index": [5, 6], "data": [["x", 1], ["y", 2]]}
FORMS = {
    "dataframe_split": SPLIT,
    "dataframe_records": RECORDS,
    "instances": RECORDS,
    "inputs": {"age": [1, 2], "city": ["x", "y"]},
}

each_form = pytest.mark.parametrize("form", FORMS)


@each_form
@pytest.mark.parametrize(
    "kind",
    [
        "",
        "application/json",
        "application/json; charset=utf-8",
        "application/x-www-form-urlencoded",
    ],
)
def test_keys_tell_the_dialect(form, kind):
    """JSON is what says so, and what says nothing: curl's own type, or none."""
    assert values({form: FORMS[form]}, kind=kind) == FOUND


@each_form
def test_all_json_is_answered_as_predictions(form):
    """In rows, but for columns."""
    protocol, request = decoded({form: FORMS[form]})
    payload, said = protocol.encode(OUTPUTS, request, TABLE)
    assert said == {"content-type": "application/json"}
    assert payload.decode() == (COLUMNS if form == "inputs" else ROWS)


def test_outputs_without_rows_are_answered_in_columns():
    """A host knows one form of reply, so it is not refused."""
    protocol, request = decoded({"instances": RECORDS})
    payload, _ = protocol.encode({**OUTPUTS, "n": tensor("int8", 3)}, request, TABLE)
    assert json.loads(payload)["predictions"]["n"] == 3


@pytest.mark.parametrize(
    ("form", "value"),
    [
        ("dataframe_split", {"columns": ["age", "city"], "data": [[None, "x"], [2, None]]}),
        ("dataframe_records", [{"city": "x"}, {"age": 2, "city": None}]),
        ("dataframe_records", [{"age": None, "city": "x"}, {"age": 2.0}]),
        ("instances", [{"age": None, "city": "x"}, {"age": 2, "city": None}]),
        ("inputs", {"age": [None, 2], "city": ["x", None]}),
    ],
)
def test_null_is_a_missing_value(form, value):
    """And so is what a record lacks; a table's integers beside missing ones come as floats."""
    assert values({form: value}) == {
        "age": [0, 2],
        "age:missing": [True, False],
        "city": [b"x", b""],
        "city:missing": [False, True],
    }


@pytest.mark.parametrize("columns", [None, ["a", "b", "c", "d"]])
def test_a_table_may_be_the_only_input(columns):
    """Its columns have names that the signature does not know."""
    split = {"columns": columns, "data": [[1, 2, 3, 4], [5, 6, 7, 8]]}
    assert values({"dataframe_split": split}, IRIS) == {"x": [[1, 2, 3, 4], [5, 6, 7, 8]]}


def test_one_row_may_be_all_that_a_model_takes():
    """Scalars are the values of a table's only row."""
    split = {"columns": ["a", "b"], "data": [[1, 2]]}
    assert values({"dataframe_split": split}, ONE_ROW) == {"a": 1, "b": 2}


def test_csv_and_files_of_numpys_are_read():
    """The content type tells, whatever its parameters and its case."""
    assert values(b"age,city\n1,x\n2,y\n", kind="text/csv") == FOUND
    assert values(b"1,x\n2,y\n", kind="Text/CSV; charset=utf-8") == FOUND
    file = io.BytesIO()
    np.save(file, np.ones((2, 4)))
    assert values(file.getvalue(), IRIS, kind="application/x-npy") == {"x": [[1] * 4] * 2}


def reply(accept, outputs, signature=TABLE):
    """Return a reply to who accepts something."""
    protocol, request = decoded(b"1,x\n2,y\n", kind="text/csv", accept=accept)
    return protocol.encode(outputs, request, signature)


@pytest.mark.parametrize("accept", ["", "*/*", "application/json", "text/html, application/json"])
def test_json_is_what_is_answered(accept):
    """Unless another form is asked for: also to CSV."""
    assert reply(accept, OUTPUTS) == (ROWS.encode(), {"content-type": "application/json"})


def test_csv_is_answered_to_who_asks_for_it():
    """A line for each row; what has no such form comes as JSON."""
    expected = b"a,0.1,0.2\nb,0.3,1.0\n", {"content-type": "text/csv; charset=utf-8"}
    assert reply("text/csv, */*;q=0.1", OUTPUTS) == expected
    cube = {"x": tensor("int8", [[[1]], [[2]]])}
    assert reply("text/csv", cube)[0] == b'{"predictions":[[[1]],[[2]]]}'
    text = {"x": tensor("string", [b"\xff"])}
    assert reply("text/csv", text)[0] == b'{"predictions":[{"b64":"/w=="}]}'


def test_a_file_of_numpys_is_answered_to_who_asks_for_it():
    """One output of numbers; everything else comes as JSON."""
    payload, said = reply("application/x-npy", {"p": OUTPUTS["p"]})
    assert said == {"content-type": "application/x-npy"}
    assert np.array_equal(np.load(io.BytesIO(payload)), OUTPUTS["p"].array)
    assert reply("application/x-npy", OUTPUTS)[0] == ROWS.encode()
    assert reply("application/x-npy", {"l": OUTPUTS["label"]})[0] == b'{"predictions":["a","b"]}'


@pytest.mark.parametrize(
    ("body", "more", "expected"),
    [
        ({}, {}, "dataframe_split, dataframe_records, instances, inputs .* none of them"),
        ({"instances": [], "inputs": []}, {}, "instances and inputs"),
        ([1], {}, "the body is a list: expected an object"),
        (b"", {}, "the body is empty"),
        (b"a,b", {"kind": "text/plain"}, "none of application/json, text/csv and"),
        ({"instances": RECORDS, "params": {"a": 1}}, {}, 'takes no "params"'),
        ({"dataframe_split": [1]}, {}, "dataframe_split is a list: expected an object"),
        ({"dataframe_split": {}}, {}, "dataframe_split.data is null: expected a list of rows"),
        (
            {"dataframe_split": {"columns": ["age", "city"], "data": [[1, "x"], [2]]}},
            {},
            r"data\[1\] must be a list of 2 values: age, city",
        ),
        ({"dataframe_split": {"columns": [1], "data": []}}, {}, "must be texts, each of them once"),
        ({"dataframe_split": {"columns": ["a", "a"], "data": []}}, {}, "each of them once"),
        ({"dataframe_records": [1]}, {}, r"dataframe_records\[0\] is 1: expected an object"),
        ({"dataframe_records": {}}, {}, "dataframe_records is an object: expected a list"),
        ({"signature_name": "no", "instances": RECORDS}, {}, 'has no signature "no"'),
    ],
)
def test_what_is_no_request_is_refused(body, more, expected):
    """With what was expected in its place."""
    with pytest.raises(InvalidInput, match=expected) as caught:
        decoded(body, **more)
    assert Invocations(Contract("m", (TABLE,)), Settings.from_env({})).word(caught.value)


def test_a_model_without_a_default_is_asked_for_a_name():
    """Which CSV has no place for."""
    with pytest.raises(InvalidInput, match="the request names no signature"):
        decoded(b"1,x\n", TABLE, IRIS, kind="text/csv")
    assert values({"signature_name": "table", "instances": RECORDS}, TABLE, IRIS) == FOUND
    predict = TABLE._replace(name="predict")
    assert values(b"1,x\n2,y\n", IRIS, predict, kind="text/csv") == FOUND


def test_a_value_that_cannot_be_read_has_its_place():
    """The row and the column of the table."""
    split = {"columns": ["age", "city"], "data": [[1, "x"], ["a", "y"]]}
    _, request = decoded({"dataframe_split": split})
    assert request.unreadable["age"].startswith('dataframe_split.data[1].age is "a": expected')
