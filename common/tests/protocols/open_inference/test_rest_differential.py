"""Hold the quick readings of inference requests in JSON against the standard library's.

``WIRE_CASES=1000000 pytest -k many_cases`` runs as many cases as one has time for.
"""

import json
import os
import random

import pytest

from serving_runtime.errors import ServingError
from serving_runtime.ipc.attributes import HEADER_LENGTH
from serving_runtime.protocols.json import libraries, reading
from serving_runtime.protocols.open_inference import json_codec
from serving_runtime.signature import NUMPY_DTYPES
from tests.support.cases import comparable, tensor
from tests.support.odd_requests import mutate
from tests.support.wires import open_inference_json as wire
from tests.support.wires.open_inference_protobuf import FORMS

CASES = int(os.environ.get("WIRE_CASES", "3000"))
SEED = int(os.environ.get("WIRE_SEED", "7"))

SIMDJSON, ORJSON = libraries.simdjson, libraries.orjson
# The libraries that a row has; the first is what all others are held against.
ROWS = ((None, None), (SIMDJSON, None), (None, ORJSON), (SIMDJSON, ORJSON))
NULLABLE = {"": frozenset(("x0",)), "s": frozenset()}
ODD = ("null", "NaN", "-Infinity", "1e400", "-0.0", "[1]", "[]", "{}", "true", '"a"', "1.5", "[[",
       "18446744073709551616", "9007199254740993", '"\\ud800"', '"\\ud83d\\ude00"', "]", ",", ":",
       '"data":', '"shape":[1],', "\ufeff", "{", "}", "-", "e9")  # fmt: skip
SHAPES = ((), (0,), (1,), (5,), (2, 3), (2, 0), (3, 1, 2), (40, 20))


def draw(chance):
    """Return a request: a body and the attributes that go with it."""
    tensors = {f"x{number}": drawn_tensor(chance) for number in range(chance.randint(1, 3))}
    more = {}
    if chance.random() < 0.3:
        more["parameters"] = {"signature_name": "s", "other": chance.choice([1, [1], {"a": "["}])}
    if chance.random() < 0.3:
        more.update(id="an [id]", outputs=[{"name": "y", "parameters": {"binary_data": True}}])
    call = wire.request(tensors, chance.random() < 0.2, more)
    body = call.payload
    if not call.attributes and chance.random() < 0.5:  # nested lists in place of flat ones
        told = json.loads(body.decode())
        for item, sent in zip(told["inputs"], tensors.values()):
            if sent.array.ndim and sent.array.dtype != object:
                item["data"] = sent.array.tolist()
        body = json.dumps(told).encode()
    return body, call.attributes


def drawn_tensor(chance):
    """Return a tensor of any datatype and of some shape."""
    dtype, shape = chance.choice(sorted(FORMS)), chance.choice(SHAPES)
    count = 1
    for size in shape:
        count *= size
    if dtype == "string":
        values = [chance.choice(["a", "", "[", "ä", "😀", '"'] * 2 + ["\\"]) for _ in range(count)]
        return tensor(dtype, values, shape)
    kind = NUMPY_DTYPES[dtype].kind
    values = [chance.randint(0, 1 if kind == "b" else 99) for _ in range(count)]
    if kind == "f":
        values = [value / 8 for value in values]
    return tensor(dtype, values, shape)


def spoilt(chance, body):
    """Return a body with something odd in it, or with changed bytes."""
    if chance.random() < 0.3:
        return mutate(chance, body)
    text = body.decode("utf-8", "replace")
    at = chance.choice([it for it, letter in enumerate(text) if letter in "[,:]}"] or [0])
    cut = at + chance.choice([0, 1, 1, 2, 4])
    return (text[: at + 1] + chance.choice(ODD) + text[cut + 1 :]).encode("utf-8", "replace")


def read(body, attributes, row, monkeypatch):
    """Return what a row reads, in a form that can be compared."""
    monkeypatch.setattr(libraries, "simdjson", row[0])
    monkeypatch.setattr(libraries, "orjson", row[1])
    monkeypatch.setattr(reading, "_LONG_BYTES", 300)
    json_codec._BY_TEXT.clear()
    try:
        request = json_codec.decode(body, attributes, NULLABLE, 1 << 20)
    except ServingError as error:
        return type(error).__name__, str(error)
    tensors = {name: comparable(value) for name, value in request.tensors.items()}
    return request._replace(tensors=tensors)


def assert_same(body, attributes, monkeypatch):
    """Check that each row reads the same; return whether it was read."""
    expected = read(body, attributes, ROWS[0], monkeypatch)
    for row in ROWS[1:]:
        assert read(body, attributes, row, monkeypatch) == expected, (row, body, attributes)
    return not isinstance(expected, tuple) or hasattr(expected, "tensors")


def test_many_cases_are_read_or_refused_alike(monkeypatch):
    """Proper requests, and each with something odd in it, in JSON and with binary data."""
    assert all(ROWS[-1]), "the tests need pysimdjson and orjson"
    chance = random.Random(SEED)
    done = good = 0
    while done < CASES:
        body, attributes = draw(chance)
        bodies = [body] + [spoilt(chance, body) for _ in range(4)]
        good += sum(assert_same(each, attributes, monkeypatch) for each in bodies)
        done += len(bodies)
    print(f"{done} cases, {good} of them read, {done - good} refused")
    assert CASES // 10 < good < done


@pytest.mark.parametrize("seed", range(5))
def test_requests_that_are_cut_short_anywhere(seed, monkeypatch):
    """Each beginning of a request is refused alike."""
    body, attributes = draw(random.Random(seed))
    length = min(len(body), 600)
    for size in range(length):
        assert_same(body[:size], {HEADER_LENGTH: str(size)} if attributes else {}, monkeypatch)
