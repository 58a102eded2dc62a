import json

import numpy as np
import pytest

from serving_runtime.protocols.json import libraries, replies
from serving_runtime.signature import NUMPY_DTYPES, STRING, MapArray, Tensor
from tests.support.cases import tensor


@pytest.fixture(params=["orjson", "none"])
def _library(request, monkeypatch):
    """Write with the library and without it."""
    if request.param == "none":
        monkeypatch.setattr(libraries, "orjson", None)
        monkeypatch.setattr("serving_runtime.protocols.json.writing._KNOWN", frozenset())


pytestmark = pytest.mark.usefixtures("_library")

LABEL = tensor(STRING, ["a", "ü\n"])
P = tensor("float32", [[0.1, float("nan")], [float("-inf"), 1]])


def test_one_output_has_no_name():
    """In either form, as in TensorFlow Serving."""
    assert replies.rows({"y": tensor("int64", [1, 2])}) == b"[1,2]"
    assert replies.columns({"y": tensor("int64", [[1], [2]])}) == b"[[1],[2]]"
    assert replies.columns({"y": tensor("float32", 0.1)}) == b"0.1"


def test_several_outputs_have_names():
    """An object for each row, or one for all; floats in their shortest form, bare tokens."""
    outputs = {"label": LABEL, "p": P}
    assert replies.rows(outputs).decode() == (
        '[{"label":"a","p":[0.1,NaN]},{"label":"ü\\n","p":[-Infinity,1.0]}]'
    )
    assert replies.columns(outputs).decode() == (
        '{"label":["a","ü\\n"],"p":[[0.1,NaN],[-Infinity,1.0]]}'
    )


@pytest.mark.parametrize(
    "shape", [(3,), (3, 2), (3, 2, 2), (3, 1, 1, 1), (3, 0), (3, 2, 0), (0, 2)]
)
@pytest.mark.parametrize("dtype", ["float32", "float64", "int8", "uint64", "bool", "float16"])
def test_rows_are_what_the_columns_are(dtype, shape):
    """Whatever the axes: each row is cut out of the text of the whole."""
    array = np.arange(np.prod(shape)).reshape(shape).astype(NUMPY_DTYPES[dtype])
    value = Tensor(dtype, array)
    found = json.loads(replies.rows({"a": value, "b": value}))
    assert found == [{"a": row, "b": row} for row in array.tolist()]


def test_texts_that_are_no_utf8_are_base64():
    """And all texts of an output whose name says that it is bytes."""
    value = Tensor(STRING, np.array([b"a", b"\xff"], object))
    assert json.loads(replies.columns({"x": value})) == ["a", {"b64": "/w=="}]
    assert json.loads(replies.columns({"x_bytes": value})) == [{"b64": "YQ=="}, {"b64": "/w=="}]


def test_complex_numbers_are_pairs():
    """The form in which they are sent."""
    value = tensor("complex64", [1 + 2j, 3 - 0.5j])
    assert json.loads(replies.columns({"x": value})) == [[1, 2], [3, -0.5]]
    assert json.loads(replies.rows({"x": value, "y": value}))[1] == {"x": [3, -0.5], "y": [3, -0.5]}


def test_maps_are_objects():
    """And arrays of maps are lists of objects."""
    inner = {"name": tensor(STRING, "a"), "n": tensor("float32", [0.1])}
    maps = np.empty(2, object)
    maps[:] = [inner, inner]
    assert replies.columns({"m": inner}) == b'{"name":"a","n":[0.1]}'
    one = {"name": "a", "n": [0.1]}
    assert json.loads(replies.columns({"m": MapArray(maps)})) == [one, one]
    rows = json.loads(replies.rows({"m": MapArray(maps), "p": P}).replace(b"NaN", b"0"))
    assert rows[0]["m"] == one


@pytest.mark.parametrize(
    ("outputs", "expected"),
    [
        ({"y": tensor("int64", [1])}, ""),
        ({"y": tensor("int64", 1)}, 'output "y" has no rows'),
        ({"y": {}}, 'output "y" has no rows'),
        ({"y": tensor("int64", [1]), "z": tensor("int64", [1, 2])}, "differ in their rows"),
    ],
)
def test_outputs_without_rows_are_known(outputs, expected):
    """Who asks in rows is told to ask for columns."""
    reason = replies.reason_not_rows(outputs)
    assert expected in reason
    assert bool(reason) is bool(expected)
