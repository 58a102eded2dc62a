"""Carry what the front has counted to the worker that writes a model's statistics."""

import json
from typing import NamedTuple


class Totals(NamedTuple):
    """All that was counted; seconds are of the calls that were answered, together.

    ``runs``: calls of the model, each of which may answer several; ``rows``: of all runs.
    ``last_run``: seconds since 1970, 0 before the first.
    """

    answered: int = 0
    failed: int = 0
    runs: int = 0
    rows: int = 0
    last_run: float = 0.0
    decode_seconds: float = 0.0
    queue_seconds: float = 0.0
    model_seconds: float = 0.0
    encode_seconds: float = 0.0


def write_totals(totals: Totals) -> str:
    """Return them as the value of an attribute."""
    return json.dumps(totals)


def read_totals(text: str) -> Totals:
    """Read what ``write_totals`` has written; all are 0 where nobody has counted."""
    return Totals(*json.loads(text)) if text else Totals()
