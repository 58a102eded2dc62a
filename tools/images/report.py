"""Tells what became of each row, as a table that documents can take over."""

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from tools.matrix import Row

HEAD = ("Row", "Size", "Build", "Start-up", "Result")
INTRODUCTION = """\
# Images

Written by `make test-images TABLE=docs/images.md`, of images as they were built and tested on one
machine. Sizes include the base; build times depend on what is cached; start-up is the time from
`docker run` to SERVING with a small model.

"""


class Outcome(NamedTuple):
    """What is known of a row so far; nothing where it was not measured."""

    row: Row
    result: str = ""
    size_bytes: int = 0
    build_seconds: float = 0.0
    start_seconds: float = 0.0
    is_good: bool = True


def table(outcomes: Iterable[Outcome]) -> str:
    """Make a Markdown table that is legible as it is."""
    lines = [HEAD, *(_cells(outcome) for outcome in outcomes)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    rule = tuple("-" * width for width in widths)
    return "".join(_line(cells, widths) for cells in (lines[0], rule, *lines[1:]))


def _cells(outcome: Outcome) -> tuple[str, ...]:
    return (
        outcome.row.name,
        f"{outcome.size_bytes / 1e6:.0f} MB" if outcome.size_bytes else "-",
        f"{outcome.build_seconds:.0f} s" if outcome.build_seconds else "-",
        f"{outcome.start_seconds:.1f} s" if outcome.start_seconds else "-",
        outcome.result,
    )


def _line(cells: tuple[str, ...], widths: list[int]) -> str:
    padded = (cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
    return f"| {' | '.join(padded)} |\n"


def write(path: Path, outcomes: Iterable[Outcome]) -> None:
    """Write the table as a document."""
    path.write_text(INTRODUCTION + table(outcomes), encoding="utf-8")
