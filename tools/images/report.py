"""Show what became of each row, as the table that ends a run."""

from collections.abc import Iterable
from typing import NamedTuple

from tools.rows import Row
from tools.tables import NOTHING, markdown, megabytes

HEAD = ("Row", "Size", "Build", "Start-up", "Memory", "Result")


class Outcome(NamedTuple):
    """What is known of a row so far; nothing where it was not measured."""

    row: Row
    result: str = ""
    size_bytes: int = 0
    build_seconds: float = 0.0
    start_seconds: float = 0.0
    memory_bytes: int = 0
    is_good: bool = True

    @property
    def cells(self) -> tuple[str, ...]:
        """Its line of the table."""
        return (
            self.row.name,
            megabytes(self.size_bytes),
            f"{self.build_seconds:.0f} s" if self.build_seconds else NOTHING,
            f"{self.start_seconds:.1f} s" if self.start_seconds else NOTHING,
            megabytes(self.memory_bytes),
            self.result.replace("|", "/"),
        )


def table(outcomes: Iterable[Outcome]) -> str:
    """Make the table, a line a row."""
    return markdown(HEAD, [outcome.cells for outcome in outcomes])
