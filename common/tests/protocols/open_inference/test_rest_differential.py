"""Hold the quick readings of inference requests in JSON against the standard library's.

``WIRE_CASES=1000000 pytest -k many_cases`` runs as many cases as one has time for.
"""

import os
import random

import pytest

from serving_runtime.errors import ServingError
from serving_runtime.ipc.attributes import HEADER_LENGTH
from serving_runtime.protocols.json import libraries, reading
from serving_runtime.protocols.open_inference import json_codec
from serving_runtime.protocols.open_inference.json_recent import RecentRequests
from tests.support.cases import comparable
from tests.support.odd_rest_inferences import draw, spoilt

CASES = int(os.environ.get("WIRE_CASES", "3000"))
SEED = int(os.environ.get("WIRE_SEED", "7"))

SIMDJSON, ORJSON = libraries.simdjson, libraries.orjson
# The libraries that a row has; the first is what all others are held against.
ROWS = ((None, None), (SIMDJSON, None), (None, ORJSON), (SIMDJSON, ORJSON))
NULLABLE = {"": frozenset(("x0",)), "s": frozenset()}
# With all libraries requests are remembered, from one case to the next.
RECENT = RecentRequests(NULLABLE)


def read(body, attributes, row, monkeypatch):
    """Return what a row reads, in a form that can be compared."""
    monkeypatch.setattr(libraries, "simdjson", row[0])
    monkeypatch.setattr(libraries, "orjson", row[1])
    monkeypatch.setattr(reading, "LONG_BYTES", 300)
    json_codec._BY_TEXT.clear()
    try:
        recent = RECENT if row == ROWS[-1] else None
        request = json_codec.decode(body, attributes, NULLABLE, 1 << 20, recent)
    except ServingError as error:
        return type(error).__name__, str(error)
    tensors = {name: comparable(value) for name, value in request.tensors.items()}
    return request._replace(tensors=tensors)


def assert_same(body, attributes, monkeypatch):
    """Check that each row reads the same; return whether it was read."""
    expected = read(body, attributes, ROWS[0], monkeypatch)
    for row in (*ROWS[1:], ROWS[-1]):  # the last one remembers
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
