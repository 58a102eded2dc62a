"""What a job's processes tell each other: a plan for all, parts of the data, and what came of one.

All of it is pickled. A part is what is scored, written and, after an interruption, skipped as a
whole; the same data is always cut into the same parts.
"""

from typing import Any, NamedTuple, Tuple

import numpy as np

from serving_runtime.batch.binding import Binding


class BadRow(NamedTuple):
    """A row that has no result: its number in the source, from 0, and why."""

    row: int
    reason: str
    values: Any


class Part(NamedTuple):
    """Some rows of one file.

    ``where``: what its reader opens it by, or the rows themselves as an Arrow stream (bytes).
    ``unreadable``: rows that the reader has left out, with the reason.
    """

    number: int
    source: str
    first_row: int
    where: Any
    unreadable: Tuple[BadRow, ...] = ()

    def numbers(self, first: int, count: int) -> np.ndarray:
        """Return the numbers of the next rows that could be read, from ``first`` on."""
        if not self.unreadable:
            return np.arange(first, first + count)
        left_out = [bad.row for bad in self.unreadable]
        return np.setdiff1d(np.arange(first, first + count + len(left_out)), left_out)[:count]


class Care(NamedTuple):
    """What is known of a part in which the model's process has ended before.

    ``calls``: the rows of calls that never came back, and how many rows each call has there now.
    ``poison``: rows that have ended the process all by themselves, and how it ended.
    """

    calls: Tuple[Tuple[int, int, int], ...] = ()
    poison: Tuple[Tuple[int, str], ...] = ()

    def step(self, row: int, rows_per_call: int) -> int:
        """Return how many rows the call that begins at ``row`` may have."""
        for start, stop, step in reversed(self.calls):
            if start <= row < stop:
                return min(step, stop - row)
            if row < start:
                rows_per_call = min(rows_per_call, start - row)
        return rows_per_call

    def narrowed(self, start: int, stop: int, ended: str) -> "Care":
        """Return what is known once a call of these rows has ended the process."""
        if stop - start == 1:
            return self._replace(poison=(*self.poison, (start, ended)))
        return self._replace(calls=(*self.calls, (start, stop, max(1, (stop - start) // 16))))


NOTHING_KNOWN = Care()


class Plan(NamedTuple):
    """What every worker of a job must know."""

    binding: Binding
    format: str
    output: str
    rows_per_call: int
    cast: str


class Counts(NamedTuple):
    """What came of a part, or of all."""

    rows: int = 0
    bad: int = 0

    def plus(self, other: "Counts") -> "Counts":
        """Return the sum."""
        return Counts(self.rows + other.rows, self.bad + other.bad)
