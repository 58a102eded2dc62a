import json

import pytest

from serving_runtime.protocols.open_inference import json_codec
from serving_runtime.protocols.open_inference.json_recent import RecentRequests
from tests.support.cases import comparable

NULLABLE = {"": frozenset(("age", "size")), "plain": frozenset()}
ONE_ROW = {"name": "x", "shape": [1, 4], "datatype": "FP32", "data": [6.3, 3.3, 6.0, 2.5]}
CITY = {"name": "city", "shape": [2], "datatype": "BYTES", "data": ["a", "b"]}
AGE = {"name": "age", "shape": [2], "datatype": "INT64", "data": [1, 2]}


@pytest.fixture
def recent():
    """Return requests of which none is known."""
    return RecentRequests(NULLABLE)


def read(body, recent=None):
    """Return what a body is read as, in a form that can be compared."""
    request = json_codec.decode(json.dumps(body).encode(), {}, NULLABLE, 1 << 20, recent)
    tensors = {name: comparable(value) for name, value in request.tensors.items()}
    return request._replace(tensors=tensors)


def body_of(*inputs, **members):
    """Return a request of some inputs."""
    return {**members, "inputs": [dict(it) for it in inputs]}


def with_data(body, *data, **members):
    """Return a request with other values, and other members."""
    inputs = [{**tensor, "data": it} for tensor, it in zip(body["inputs"], data)]
    return {**body, **members, "inputs": inputs}


ROW = body_of(ONE_ROW)
TABLE = body_of(CITY, AGE, id="one", parameters={"signature_name": "", "timeout": 5})


@pytest.mark.parametrize(
    ("first", "then"),
    [
        (ROW, with_data(ROW, [1, 2, 3.5, -1e38])),
        (ROW, with_data(ROW, [[1, 2, None, 4]])),
        (TABLE, with_data(TABLE, ["", "\u00e9"], [3, 4], id="two")),
        (TABLE, with_data(TABLE, ["", "b"], [3, 4], id=None)),
        (TABLE, with_data(TABLE, ["", "b"], [3, 4], id="")),
    ],
)
def test_a_request_like_a_recent_one_is_read_from_that(recent, first, then):
    """And is what any other reader makes of it."""
    read(first, recent)
    text = json.dumps(then).encode()
    assert recent.read(text) is not None
    assert read(then, recent) == read(then)


@pytest.mark.parametrize(
    ("first", "then"),
    [
        (ROW, with_data(ROW, [1, 2, 3])),
        (ROW, with_data(ROW, [[1, 2], [3, 4]])),
        (ROW, with_data(ROW, [1, 2, 3, 1e39])),
        (ROW, with_data(ROW, [1, 2, 3, True])),
        (ROW, with_data(ROW, ["1", 2, 3, 4])),
        (TABLE, with_data(TABLE, ["a", "b"], [1, None])),
        (TABLE, with_data(TABLE, ["a", "b"], [1, 2.5])),
        (TABLE, with_data(TABLE, ["a", 1], [1, 2])),
    ],
)
def test_what_is_wrong_or_missing_is_left_to_the_others(recent, first, then):
    """Who name it."""
    read(first, recent)
    assert recent.read(json.dumps(then).encode()) is None
    assert read(then, recent) == read(then)


@pytest.mark.parametrize(
    "body",
    [
        with_data(TABLE, ["a", "b"], [1, None]),
        body_of({**ONE_ROW, "shape": [1, 0], "data": []}),
        body_of({**ONE_ROW, "data": [1]}),
        body_of({**ONE_ROW, "shape": [1024], "data": [0.125] * 1024}),
        {**ROW, "parameters": {"data": 1}},
    ],
)
def test_what_is_not_remembered(recent, body):
    """Missing values, empty tensors, what is wrong, long texts, and what is not certain."""
    read(body, recent)
    assert recent.read(json.dumps(body).encode()) is None


def test_an_id_is_text(recent):
    """As it is for the others."""
    read(TABLE, recent)
    assert recent.read(json.dumps({**TABLE, "id": 5}).encode()) is None
