import pytest

from serving_runtime.protocols.json import libraries, reading, writing

# Which libraries are there, on one row or another, and whether all texts count as long ones.
READERS = {
    "both": (True, True, False),
    "simdjson": (True, False, True),
    "orjson": (False, True, False),
    "neither": (False, False, False),
}


@pytest.fixture
def with_libraries(monkeypatch):
    """Return a function that hides the libraries that a row has not."""
    found = libraries.simdjson, libraries.orjson
    assert all(found), "the tests need pysimdjson and orjson"

    def hide(name):
        has_simdjson, has_orjson, is_long = READERS[name]
        monkeypatch.setattr(libraries, "simdjson", found[0] if has_simdjson else None)
        monkeypatch.setattr(libraries, "orjson", found[1] if has_orjson else None)
        monkeypatch.setattr(reading, "LONG_BYTES", 0 if is_long or name == "both" else 3072)
        monkeypatch.setattr(writing, "_KNOWN", writing._known())

    return hide


@pytest.fixture(params=READERS)
def each_row(request, with_libraries):
    """Run a test with the libraries of each row."""
    with_libraries(request.param)
    return request.param
