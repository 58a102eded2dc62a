"""Write the table of images for the README, so that documents never promise other tags."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from tools.images import report
from tools.rows.interpreters import end_of_life
from tools.rows.reader import numbers_in
from tools.rows.rows import Matrix, MatrixError, Row, Status
from tools.security import accepted

BEGIN = "<!-- images: written by `make matrix-table` -->"
END = "<!-- end of images -->"
VULNERABILITIES = "SECURITY.md#known-vulnerabilities"

MEASURED = ("Size", "Start-up", "Memory")
"""Columns of docs/images.md, where what was measured is written down."""
COLUMNS = ("Image", "Tags", "Python", *MEASURED, "Status")


def render(matrix: Matrix) -> str:
    """Make the Markdown table, each runtime's newest row first."""
    measured = report.read(matrix.root / report.DOCUMENT)
    gaps = accepted.gaps_by_row(matrix)
    lines = [_line(COLUMNS), _line(["---"] * len(COLUMNS))]
    for runtime in matrix.runtimes:
        rows = sorted(matrix.rows_of(runtime), key=lambda row: numbers_in(row.version))
        for row in reversed(rows):
            promise = _promise(row) + _shortfall(len(gaps.get(row.name, [])))
            lines.append(_line((*_cells(row, measured.get(row.name, {})), promise)))
    return "\n".join(lines) + "\n"


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cells(row: Row, measured: Mapping[str, str]) -> tuple[str, ...]:
    published = row.tags if row.is_built else ()
    tags = "<br>".join(f"`{tag}`" for tag in published) or f"{row.version}: none"
    figures = (measured.get(column, report.NOTHING) for column in MEASURED)
    return (f"`{row.image}`", tags, row.python, *figures)


def _promise(row: Row) -> str:
    """Return what users may expect."""
    if row.status is Status.SUPPORTED:
        return f"supported until {end_of_life(row)}"
    promise = "not built" if row.status is Status.EOL else str(row.status)
    return f"{promise}: {row.reason}"


def _shortfall(packages: int) -> str:
    """Return how many packages have known vulnerabilities, and where that is explained."""
    if not packages:
        return ""
    counted = f"{packages} package{'s' if packages > 1 else ''}"
    return f"; [{counted} with known vulnerabilities]({VULNERABILITIES})"


def updated(document: str, matrix: Matrix) -> str:
    """Return a document with the table between its markers renewed.

    Raises:
        MatrixError: the document has no place for the table.
    """
    before, begin, rest = document.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise MatrixError(f"no place for the table; add the lines\n{BEGIN}\n{END}")
    return f"{before}{BEGIN}\n{render(matrix)}{END}{after}"


def write(path: Path, matrix: Matrix) -> None:
    """Renew the table in a file."""
    path.write_text(updated(path.read_text(encoding="utf-8"), matrix), encoding="utf-8")


def is_current(path: Path, matrix: Matrix) -> bool:
    """Whether the table in a file is what the matrix says."""
    document = path.read_text(encoding="utf-8")
    return document == updated(document, matrix)
