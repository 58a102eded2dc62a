"""Add up what came of cases, keep those that failed, and tell how it goes."""

import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.fuzz import regressions
from tests.fuzz.blocks import Find

# Of one thing that is wrong a few cases are enough.
MAX_FILES_EACH = 5


class Tally:
    """What came of a run.

    Args:
        expected_cases: how many there are to be.
        folder: where cases that failed are kept.
        progress: is told a line now and then.
    """

    def __init__(self, expected_cases: int, folder: Path, progress: Callable[[str], None]) -> None:
        self.kinds: Counter[str] = Counter()
        self.wrong: Counter[str] = Counter()
        self._expected = expected_cases
        self._folder = folder
        self._progress = progress
        self._began = self._told = time.monotonic()

    @property
    def cases(self) -> int:
        """How many were answered."""
        return self.kinds.total()

    def add(self, kinds: Counter[str], finds: list[Find]) -> None:
        """Add what came of some cases."""
        self.kinds.update(kinds)
        for find in finds:
            self.wrong[find.wrong] += 1
            if self.wrong[find.wrong] <= MAX_FILES_EACH:
                path = regressions.save(find.wrong, find.cases, self._folder)
                self._progress(f"{find.wrong}: kept as {path}")
        if time.monotonic() - self._told >= 10:
            self._tell()

    def figures(self) -> dict[str, Any]:
        """Return what became of the cases, by share, and what went wrong."""
        shares = {name: count / self.cases for name, count in self.kinds.most_common()}
        rate = self.cases / (time.monotonic() - self._began)
        return {"shares": shares, "cases_per_second": round(rate), "wrong": dict(self.wrong)}

    def _tell(self) -> None:
        self._told = time.monotonic()
        rate = self.cases / (self._told - self._began)
        left = (self._expected - self.cases) / rate if rate else 0
        self._progress(
            f"{self.cases:,} of {self._expected:,} cases, {rate:,.0f} a second, "
            f"{left / 60:.0f} min left, {self.wrong.total()} wrong"
        )
