"""Choose rows as people and CI name them."""

import argparse
from collections.abc import Callable, Mapping

from tools.rows import Matrix, MatrixError, Row

PICKS: Mapping[str, Callable[[list[Row]], list[Row]]] = {
    "oldest": lambda rows: rows[:1],
    "newest": lambda rows: rows[-1:],
    "proof": lambda rows: [row for row in rows if row.is_proof],
}


def add_arguments(parser: argparse.ArgumentParser, *, picks: bool) -> None:
    """Declare what chooses rows on a command line: the arguments of `chosen`."""
    parser.add_argument("runtime", nargs="?", help="such as python; all if absent")
    parser.add_argument("version", nargs="?", help="such as 3.13; all if absent")
    if picks:
        parser.add_argument("--rows", default="", metavar="WHICH", help=f"{', '.join(PICKS)}: a,b")


def chosen(matrix: Matrix, runtime: str | None, version: str | None, picks: str) -> list[Row]:
    """Choose rows that are built; one that is not is built only for who names it.

    Args:
        matrix: all rows.
        runtime: the only runtime, or None for all.
        version: its only version, or None for all.
        picks: names of PICKS with commas between, of each runtime; empty for all.
    """
    if runtime and version:
        row = matrix.row(runtime, version)
        if not row.can_be_built:
            raise MatrixError(f"{row.name} is not built: {row.reason}")
        return [row]
    runtimes = [runtime] if runtime else matrix.runtimes
    return [row for name in runtimes for row in _picked(matrix, name, picks)]


def _picked(matrix: Matrix, runtime: str, picks: str) -> list[Row]:
    rows = [row for row in matrix.rows_of(runtime) if row.is_built]
    if not picks:
        return rows
    unknown = sorted(set(picks.split(",")) - PICKS.keys())
    if unknown:
        raise MatrixError(f"rows {', '.join(unknown)}: expected {' or '.join(PICKS)}")
    picked = {row for pick in picks.split(",") for row in PICKS[pick](rows)}
    return [row for row in rows if row in picked]
