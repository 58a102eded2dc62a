"""Hold one call in no protocol's terms: named arrays in; arrays, or what was wrong, out.

A wire (see ``wire.py``) writes a case as a request and reads the reply. How values are encoded and
how problems are worded is for the tests of each protocol.
"""

from typing import Any, Mapping, NamedTuple, Tuple

import numpy as np

from serving_runtime.errors import ProblemKind
from serving_runtime.signature import NUMPY_DTYPES, STRING, Tensor, Value

OK = "OK"
INVALID = "INVALID_ARGUMENT"
EXHAUSTED = "RESOURCE_EXHAUSTED"
OUT_OF_RANGE = "OUT_OF_RANGE"
NOT_FOUND = "NOT_FOUND"
UNIMPLEMENTED = "UNIMPLEMENTED"
DEADLINE = "DEADLINE_EXCEEDED"
INTERNAL = "INTERNAL"


class Wrong(NamedTuple):
    """One thing that is wrong, and where: a field's path, or the name of a signature."""

    kind: ProblemKind
    field: str


class Outcome(NamedTuple):
    """What comes of a call: outputs by name, or a status and what is wrong, in order.

    ``text`` is what the caller is told in words. Of an expected outcome it is a part of them, in
    which every protocol agrees: what the model itself said, or the name of a setting.
    """

    outputs: Mapping[str, Value] = {}
    status: str = OK
    wrong: Tuple[Wrong, ...] = ()
    text: str = ""


class Case(NamedTuple):
    """A call of a model, and its only right outcome.

    ``model`` is a folder of a framework's ``tests/models``: a framework without it has no such
    case. ``signature`` is empty where the call names none, ``asked`` the outputs that it wants if
    not all, ``settings`` environment variables.
    """

    title: str
    model: str
    signature: str
    inputs: Mapping[str, Value]
    outcome: Outcome
    asked: Tuple[str, ...] = ()
    settings: Mapping[str, str] = {}


def answered(title: str, model: str, signature: str, inputs: Mapping[str, Value],
             **outputs: Value) -> Case:  # fmt: skip
    """Return a case that has these outputs."""
    return Case(title, model, signature, inputs, Outcome(outputs))


def refused(title: str, model: str, signature: str, inputs: Mapping[str, Value],
            *wrong: Wrong, **more: Any) -> Case:  # fmt: skip
    """Return a case whose request is refused for what is wrong; ``more`` is of the outcome."""
    return Case(
        title, model, signature, inputs, Outcome(**{"status": INVALID, **more}, wrong=wrong)
    )


def tensor(dtype: str, values: Any, shape: Any = None) -> Tensor:
    """Return a tensor of a dtype that contracts know, of the values' own shape if none is given.

    Strings are bytes, as on every wire; texts are given as UTF-8.
    """
    if dtype == STRING:
        array = np.empty(np.shape(values), object)
        array[...] = np.array(values, object)
        flat = [it.encode() if isinstance(it, str) else it for it in array.ravel()]
        array.reshape(-1)[:] = flat
    else:
        array = np.array(values, NUMPY_DTYPES[dtype])
    return Tensor(dtype, array if shape is None else array.reshape(shape))


def comparable(value: Any) -> Any:
    """Return a value as what is equal only if each bit is: NaNs and the signs of zeros too."""
    if isinstance(value, Tensor):
        array = value.array
        content = array.ravel().tolist() if value.dtype == STRING else array.tobytes()
        return value.dtype, array.shape, content
    if isinstance(value, list):
        return [comparable(item) for item in value]
    return {name: comparable(item) for name, item in value.items()}


def assert_same(received: Outcome, expected: Outcome) -> None:
    """Check that a call had the outcome that was expected."""
    assert (received.status, received.wrong) == (expected.status, expected.wrong), received.text
    assert expected.text in received.text
    assert comparable(received.outputs) == comparable(expected.outputs)
