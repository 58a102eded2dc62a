"""Count what a worker's model has done since it was loaded, for the protocols that tell it."""

import time
from typing import List, NamedTuple

from serving_runtime.ipc.frames import Timings

# So many are added up at once: what is done for each call must cost it nothing.
_TOGETHER = 1024


class Totals(NamedTuple):
    """All that was counted; seconds are of the calls that were answered, together.

    ``runs``: calls of the model, each of which may answer several; ``rows``: of all runs.
    ``last_run``: seconds since 1970, 0 before the first.
    """

    answered: int
    failed: int
    runs: int
    rows: int
    last_run: float
    decode_seconds: float
    queue_seconds: float
    model_seconds: float
    encode_seconds: float


class Counts:
    """What a worker's model has done."""

    def __init__(self) -> None:
        self.failed = 0
        self._answered = 0
        self._runs = 0
        self._rows = 0
        self._last_run = 0.0
        self._seconds = [0.0] * 4
        self._waiting: List[Timings] = []

    def ran(self, rows: int) -> None:
        """Count a run of the model."""
        self._runs += 1
        self._rows += rows
        self._last_run = time.time()

    def answered(self, timings: Timings) -> None:
        """Count a call that was answered."""
        self._waiting.append(timings)
        if len(self._waiting) == _TOGETHER:
            self._add_up()

    def totals(self) -> Totals:
        """Return what was counted so far."""
        self._add_up()
        return Totals(
            self._answered, self.failed, self._runs, self._rows, self._last_run, *self._seconds
        )

    def _add_up(self) -> None:
        self._answered += len(self._waiting)
        for place in range(len(self._seconds)):
            self._seconds[place] += sum(timings[place] for timings in self._waiting)
        self._waiting.clear()
