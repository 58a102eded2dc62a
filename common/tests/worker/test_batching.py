import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving_runtime.ipc.frames import CallFrame
from serving_runtime.protocols import Request
from serving_runtime.signature import Field, Signature, Tensor
from serving_runtime.worker.batching import Prepared, RowsLost, group, split, stack

DTYPES = ["float32", "int64", "bool", "string"]


def signature(name="s", shape=(-1, None)):
    """Make a signature whose fields are of any dtype that the tests put in."""
    field = Field("x", "float32", shape)
    return Signature(name, (field, field._replace(name="y")), (field._replace(name="z"),))


def prepare(number, x, y=None, of=None):
    """Make a request with two inputs of as many rows."""
    inputs = {"x": x, "y": np.zeros(len(x)) if y is None else y}
    return prepared(number, of or signature(), inputs)


def prepared(number, of, inputs):
    """Make a request that no protocol has read."""
    call = CallFrame(number, "m", "id", 0.0, b"")
    return Prepared(call, None, Request("", {}), of, inputs, 0.0, 0.0)


def rows(count, dtype="float32", width=2, start=0):
    """Return rows that differ from each other."""
    values = np.arange(start, start + count * width).reshape(count, width)
    if dtype == "string":
        return values.astype(str).astype(object)
    return values.astype(dtype)


def numbers(groups):
    """Return the calls of each group, by number."""
    return [[request.call.id for request in found] for found in groups]


COUNTS = st.lists(st.integers(0, 5), min_size=1, max_size=6)
KINDS = st.lists(
    st.tuples(
        st.sampled_from(["a", "b"]),  # signature
        st.sampled_from(DTYPES),
        st.integers(1, 2),  # width of a row
        st.integers(0, 4),  # rows
    ),
    max_size=12,
)


@given(COUNTS, st.sampled_from(DTYPES))
def test_split_undoes_stack(counts, dtype):
    """Each request gets back just its own rows, bit for bit, empty ones too."""
    requests = [
        prepare(index, rows(count, dtype, start=100 * index)) for index, count in enumerate(counts)
    ]
    stacked = stack(requests)
    assert len(stacked["x"]) == sum(counts)
    parts = split({"z": Tensor(dtype, stacked["x"])}, requests)
    assert len(parts) == len(requests)
    for part, request in zip(parts, requests):
        assert part["z"].dtype == dtype
        assert part["z"].array.dtype == request.inputs["x"].dtype
        assert part["z"].array.shape == request.inputs["x"].shape
        assert part["z"].array.tolist() == request.inputs["x"].tolist()


@given(KINDS, st.integers(1, 10))
def test_groups_keep_everything_apart_that_must_be(kinds, max_rows):
    """A group is of one signature, dtype and row shape, in order, and within the bound."""
    requests = [
        prepare(index, rows(count, dtype, width), of=signature(name))
        for index, (name, dtype, width, count) in enumerate(kinds)
    ]
    groups = group(requests, max_rows, ())
    assert sorted(sum(numbers(groups), [])) == list(range(len(requests)))
    for found in groups:
        assert numbers([found]) == [sorted(*numbers([found]))]
        assert len({kinds[request.call.id][:3] for request in found}) == 1
        assert len(found) == 1 or sum(request.rows for request in found) <= max_rows
    if max_rows == 1:
        assert len(groups) == len(requests)
    firsts = [found[0] for found in numbers(groups)]
    assert firsts == sorted(firsts)


def test_what_fits_is_stacked():
    """Grouping is worth something: one call for requests of one kind."""
    requests = [prepare(index, rows(2)) for index in range(3)]
    assert numbers(group(requests, 6, ())) == [[0, 1, 2]]
    assert numbers(group(requests, 5, ())) == [[0, 1], [2]]


def test_request_larger_than_the_bound_runs_alone():
    """It is one caller's own batch: refusing or cutting it is not for us."""
    requests = [prepare(0, rows(9)), prepare(1, rows(1)), prepare(2, rows(1))]
    assert numbers(group(requests, 4, ())) == [[0], [1, 2]]


def test_second_input_counts_for_the_kind():
    """Requests that differ in any input cannot be joined."""
    requests = [
        prepare(0, rows(1), rows(1, "float32", 3)),
        prepare(1, rows(1), rows(1, "float32", 4)),
        prepare(2, rows(1), rows(1, "float64", 3)),
        prepare(3, rows(1), rows(1, "float32", 3)),
    ]
    assert numbers(group(requests, 64, ())) == [[0, 3], [1], [2]]


def test_requests_without_rows_are_stacked_and_not_lost():
    """They fit into a group that is full, and open one of their own."""
    requests = [prepare(0, rows(0)), prepare(1, rows(1)), prepare(2, rows(0)), prepare(3, rows(1))]
    assert numbers(group(requests, 1, ())) == [[0], [1], [2], [3]]
    requests = [prepare(0, rows(0)), prepare(1, rows(2)), prepare(2, rows(0)), prepare(3, rows(1))]
    assert numbers(group(requests, 2, ())) == [[0, 1, 2], [3]]


def test_signatures_that_are_not_stacked_run_alone():
    """Whatever stands between them, in the order of arrival."""
    other = signature("other")
    requests = [prepare(0, rows(1)), prepare(1, rows(1), of=other), prepare(2, rows(1))]
    assert numbers(group(requests, 64, {"s"})) == [[0], [1], [2]]
    assert numbers(group(requests, 64, {"other"})) == [[0, 2], [1]]


def test_inputs_without_rows_or_arrays_are_never_looked_into():
    """Maps are dicts and scalars have no length: both run alone."""
    mapping = Signature("m", (Field("x", "map"),), (Field("z", "float32", (-1,)),))
    request = prepared(1, mapping, {"x": {"a": 1}})
    assert numbers(group([request, request], 64, {"m"})) == [[1], [1]]


def test_single_request_is_not_copied():
    """Its arrays are its own already."""
    request = prepare(0, rows(2))
    assert stack([request]) is request.inputs


def test_stacked_arrays_are_the_calls_own():
    """A model that writes to its inputs must not spoil the second try of each request."""
    requests = [prepare(0, rows(1)), prepare(1, rows(1))]
    stack(requests)["x"][:] = -1
    assert requests[0].inputs["x"].tolist() == [[0, 1]]


@pytest.mark.parametrize("count", [0, 1, 3, 4])
def test_lost_rows_are_found(count):
    """A model that sums over the batch would give one caller another's rows."""
    requests = [prepare(0, rows(1)), prepare(1, rows(1))]
    with pytest.raises(RowsLost, match=f'"z" has {count} rows for 2'):
        split({"z": Tensor("float32", rows(count))}, requests)
