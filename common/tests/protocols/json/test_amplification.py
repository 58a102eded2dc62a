"""What a text is read into costs a small multiple of its own bytes, whoever reads it."""

import contextlib
import tracemalloc

import pytest

from serving_runtime.errors import InvalidInput
from serving_runtime.protocols.json import reading
from serving_runtime.protocols.json.reader import AS_NAN, Wanted
from serving_runtime.signature import STRING

pytestmark = pytest.mark.usefixtures("each_row")

COUNT = 30_000  # so that each text is more than a short one
HOSTILE = {
    "digits": ("0", "float64"),
    "integers": ("0", "int8"),
    "large integers": ("18446744073709551615", "float64"),
    "floats": (".5e1".replace(".", "0."), "float32"),
    "booleans": ("true", "bool"),
    "nulls": ("null", "float64"),
    "empty texts": ('""', STRING),
    "texts": ('"a"', STRING),
    "wide texts": ('"😀"', STRING),
    "empty lists": ("[]", "float64"),
    "short lists": ("[0]", "float64"),
    "ragged lists": ("[],[0]", "float64"),
    "empty objects": ("{}", STRING),
    "objects": ('{"a":0}', STRING),
}
# The worst are empty lists, three bytes of text each: empty objects would be, and are not read.
MAX_FACTOR = 48


@pytest.mark.parametrize("name", sorted(HOSTILE))
def test_reading_costs_a_small_multiple_of_the_text(name):
    """Also where it is refused in the end."""
    item, dtype = HOSTILE[name]
    body = ('{"data":[' + ",".join([item] * COUNT) + "]}").encode()
    wanted = Wanted(dtype, dtype, "data", AS_NAN)

    def interpret(reader):
        return reader.array(reader.members(reader.root, "the body")["data"], wanted)

    def read():
        with contextlib.suppress(InvalidInput):
            reading.read(body, interpret)

    read()  # what is imported and kept costs once
    tracemalloc.start()
    try:
        read()
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < MAX_FACTOR * len(body), peak / len(body)


def test_many_objects_of_hardly_any_bytes_are_refused():
    """The text says how many; a short one has as many as it wants."""
    wanted = Wanted(STRING, STRING, "data")

    def read(count):
        body = ('{"data":["{", ' + ",".join(["{}"] * count) + "]}").encode()
        with pytest.raises(InvalidInput) as caught:
            reading.read(body, lambda reader: reader.array(
                reader.members(reader.root, "the body")["data"], wanted))  # fmt: skip
        return str(caught.value)

    assert read(1 << 16).startswith("the body has 65538 braces in 196623 bytes")
    assert read(1 << 14) == "data[1] is an object: expected a text for string"
