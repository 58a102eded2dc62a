"""Every case as TensorFlow Serving's REST has it: columns or rows in JSON, which says no dtype."""

import base64
import json
from typing import Any

import numpy as np
import pytest

from serving_runtime import operations
from serving_runtime.errors import ProblemKind
from serving_runtime.signature import STRING, Tensor
from tests.conformance.cases import CASES
from tests.conformance.setups import setups
from tests.support.cases import OK
from tests.support.services import Call
from tests.support.targets import IN_PROCESS
from tests.support.wires.tensorflow_serving import wrong_in

# Said elsewhere, or otherwise: values without a dtype are no value of the one that is wanted.
UNSAID = {ProblemKind.DTYPE, ProblemKind.CAST, ProblemKind.UNREADABLE}


def written(value) -> Any:
    """Return a value as Python's JSON has it: floats in their shortest form."""
    if isinstance(value, dict):
        return {name: written(it) for name, it in value.items()}
    if isinstance(value, list):
        return [written(it) for it in value]
    array = value.array
    if value.dtype == STRING:
        return each(text, array)
    if array.dtype.kind == "c":
        array = np.stack([array.real, array.imag], axis=-1)
    if array.dtype in (np.float32, np.float16):
        return each(lambda it: float(str(np.float32(it))), array)
    return array.tolist()


def each(function, array):
    """Return what a function makes of each element, in lists as the array's axes are."""
    found = np.empty(array.size, object)
    found[:] = [function(it) for it in array.ravel().tolist()]
    return found.reshape(array.shape).tolist()


def text(value: bytes) -> Any:
    """Return a text, or what stands for one that is no UTF-8."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        return {"b64": base64.b64encode(value).decode()}


def gap(case) -> str:
    """Return why REST cannot carry a case, or nothing if it can."""
    if case.asked:
        return "all outputs are answered"
    if case.settings.get("RUNTIME_MAX_MESSAGE_BYTES"):
        return "texts have another length"
    if case.settings.get("RUNTIME_CAST"):
        return "JSON's numbers have no dtype to be strict with"
    if case.title == "int64 not to float32: cast":
        return "a number is the nearest float"
    if case.title == "complex128 not to float64: dtype":
        return "a complex number is two floats"
    return ""


def runs():
    """Return every case that can be carried, with what serves it."""
    carried = [case for case in CASES if not gap(case)]
    found = [
        (setup, case)
        for case in carried
        for setup in setups(case.model, (IN_PROCESS,), **case.settings)
    ]
    return [(setup, case) for setup, case in found if setup.has(case)]


RUNS = runs()


each_case = pytest.mark.parametrize(
    ("setup", "case"), RUNS, ids=[f"{setup}: {case.title}" for setup, case in RUNS]
)


def sent(serve, setup, case, **form):
    """Return the answer to a case's request in one form."""
    body = {"signature_name": case.signature, **form}
    payload = json.dumps(body, ensure_ascii=False).encode()
    [answer] = serve(setup).answer_calls([Call(operations.REST_PREDICT, payload)])
    assert answer.status == case.outcome.status, answer.details
    return answer


def named(values):
    """Return values by their names; the only one without it."""
    return values if len(values) != 1 else next(iter(values.values()))


def rows_of(values):
    """Return each row of values by their names; None if they have no rows."""
    sizes = {
        len(it.array) if isinstance(it, Tensor) and it.array.ndim else None
        for it in values.values()
    }
    if len(sizes) != 1 or sizes & {None, 0}:
        return None
    columns = written(dict(values))
    return [dict(zip(columns, row)) for row in zip(*columns.values())]


@each_case
def test_case(serve, setup, case):
    """A call has the outcome that its case says; what is wrong with inputs names each."""
    answer = sent(serve, setup, case, inputs=written(dict(case.inputs)))
    if answer.status == OK:
        expected = named(written(dict(case.outcome.outputs)))
        found = json.loads(answer.payload.decode())
        assert json.dumps(found) == json.dumps({"outputs": expected})
    elif not {it.kind for it in case.outcome.wrong} & UNSAID:
        assert wrong_in(answer.details) == case.outcome.wrong


@pytest.mark.parametrize(
    ("setup", "case"),
    [it for it in RUNS if rows_of(it[1].inputs) and rows_of(it[1].outcome.outputs)],
    ids=lambda it: getattr(it, "title", str(it)),
)
def test_case_in_rows(serve, setup, case):
    """What has rows on both sides is answered so as well, with names and without."""
    rows = rows_of(case.inputs)
    forms = [rows] if len(rows[0]) > 1 else [rows, [named(row) for row in rows]]
    expected = [named(row) for row in rows_of(case.outcome.outputs)]
    for form in forms:
        answer = sent(serve, setup, case, instances=form)
        found = json.loads(answer.payload.decode())
        assert json.dumps(found) == json.dumps({"predictions": expected})
