"""Find the JSON libraries that are installed; without them the standard library does the same.

There is no pysimdjson for Python 3.14 yet.
"""

import importlib
from typing import Any


def _imported(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError:
        return None


simdjson = _imported("simdjson")
orjson = _imported("orjson")


def _misreads_surrogates() -> bool:
    """Return whether pysimdjson makes one letter of two halves that are none; 5.0.2 does."""
    try:
        simdjson.Parser().parse(b'["\\ud800\\u0041"]')
    except ValueError:
        return False
    return True


SIMDJSON_MISREADS_SURROGATES = simdjson is not None and _misreads_surrogates()
