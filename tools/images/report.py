"""Show what became of each row, as a table that documents can take over."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from tools.rows import Matrix, Row

HEAD = ("Row", "Size", "Build", "Start-up", "Memory", "Result")
NOTHING = "-"
DOCUMENT = Path("docs/images.md")
"""Where the repository keeps it, from the checkout's root."""
INTRODUCTION = """\
# Images

Written by `make images-all`, of images as they were built, verified and tested on one machine. A
row that failed has no tags. Sizes include the base; build times depend on what is cached and built
beside it; start-up is the time from `docker run` to SERVING with a small model; memory is that of
all processes (PSS) after the first answer.

"""


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
            _megabytes(self.size_bytes),
            f"{self.build_seconds:.0f} s" if self.build_seconds else NOTHING,
            f"{self.start_seconds:.1f} s" if self.start_seconds else NOTHING,
            _megabytes(self.memory_bytes),
            self.result.replace("|", "/"),
        )


def _megabytes(size_bytes: int) -> str:
    return f"{size_bytes / 1e6:.0f} MB" if size_bytes else NOTHING


def table(outcomes: Iterable[Outcome]) -> str:
    """Make a Markdown table that is legible as it is."""
    return _drawn([outcome.cells for outcome in outcomes])


def _drawn(rows: Sequence[Sequence[str]]) -> str:
    widths = [max(map(len, column)) for column in zip(HEAD, *rows, strict=True)]
    rule = tuple("-" * width for width in widths)
    return "".join(_line(cells, widths) for cells in (HEAD, rule, *rows))


def _line(cells: Sequence[str], widths: list[int]) -> str:
    padded = (cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
    return f"| {' | '.join(padded)} |\n"


def read(path: Path) -> dict[str, Mapping[str, str]]:
    """Read the table of a document.

    Returns:
        By row, its cells by column; nothing if there is no such document.
    """
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    lines = [line.strip()[1:-1].split("|") for line in text.splitlines() if line.startswith("|")]
    head, *rows = [[cell.strip() for cell in line] for line in lines] or [[]]
    return {cells[0]: dict(zip(head, cells, strict=True)) for cells in rows[1:]}


def write(path: Path, outcomes: Iterable[Outcome], matrix: Matrix) -> None:
    """Write the table into a document; rows that are not among the outcomes stay as they were."""
    known = {
        name: tuple(cells.get(column, NOTHING) for column in HEAD)
        for name, cells in read(path).items()
    }
    known.update((outcome.row.name, outcome.cells) for outcome in outcomes)
    rows = [known[row.name] for row in matrix.built if row.name in known]
    path.write_text(INTRODUCTION + _drawn(rows) + _absent(matrix), encoding="utf-8")


def _absent(matrix: Matrix) -> str:
    """Return for each row without an image why there is none."""
    rows = [row for row in matrix.rows if not row.is_built]
    lines = [f"- {row.name} ({row.status}): {row.reason}\n" for row in rows]
    return "\nNot built, and so not verified:\n\n" + "".join(lines) if lines else ""
