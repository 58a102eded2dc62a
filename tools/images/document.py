"""Write docs/images.md: of each row its tags, what users may expect, and what was measured."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from packaging.version import Version

from tools.images.report import HEAD, Outcome
from tools.rows import Matrix, MatrixError, Row, Status
from tools.rows.interpreters import end_of_life
from tools.security import accepted
from tools.tables import NOTHING

DOCUMENT = Path("docs/images.md")
"""Where the repository keeps it, from the checkout's root."""
KEY, *MEASURED = HEAD
COLUMNS = (KEY, "Tags", "Python", *MEASURED, "Status")
INTRODUCTION = """\
# Images

Written by `make images-all`, of images as they were built, verified and tested on one machine, and
by `make matrix-table`, which keeps what was measured. The row `python/3.13` is
`hydrosphere/serving-runtime-python` with those tags; `…-latest` moves, a tag that ends in a release
never does, and a row that failed has no tags. Sizes include the base; build times depend on what is
cached and built beside it; start-up is the time from `docker run` to SERVING with a small model;
memory is that of all processes (PSS) after the first answer. A legacy image holds a Python that
gets no security fixes any more: keep it away from untrusted callers.

"""

Figures = Mapping[str, Mapping[str, str]]
"""What was measured of each row, by column."""


def read(root: Path) -> Figures:
    """Read what is written in a checkout's document; nothing if there is none."""
    path = root / DOCUMENT
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    lines = [line.strip()[1:-1].split("|") for line in text.splitlines() if line.startswith("|")]
    head, *rows = [[cell.strip() for cell in line] for line in lines] or [[]]
    return {cells[0]: dict(zip(head, cells, strict=True)) for cells in rows[1:]}


def render(matrix: Matrix, figures: Figures) -> str:
    """Make the document, each runtime's newest row first."""
    gaps = accepted.gaps_by_row(matrix)
    lines = [_line(COLUMNS), _line(["---"] * len(COLUMNS))]
    for runtime in matrix.runtimes:
        rows = sorted(matrix.rows_of(runtime), key=lambda row: Version(row.version))
        for row in reversed(rows):
            promise = _promise(row) + _shortfall(len(gaps.get(row.name, [])))
            lines.append(_line((*_cells(row, figures.get(row.name, {})), promise)))
    return INTRODUCTION + "".join(lines)


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |\n"


def _cells(row: Row, figures: Mapping[str, str]) -> Iterator[str]:
    yield row.name
    yield "<br>".join(f"`{tag}`" for tag in row.tags if row.is_built) or "none"
    yield row.python
    yield from (figures.get(column, NOTHING) for column in MEASURED)


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
    return f"; [{counted} with known vulnerabilities](../SECURITY.md#known-vulnerabilities)"


def write(matrix: Matrix, outcomes: Iterable[Outcome] = ()) -> None:
    """Renew the document; figures of rows that are not among the outcomes stay as they were."""
    new = {it.row.name: dict(zip(HEAD, it.cells, strict=True)) for it in outcomes}
    path = matrix.root / DOCUMENT
    path.parent.mkdir(exist_ok=True)
    path.write_text(render(matrix, {**read(matrix.root), **new}), encoding="utf-8")


def check(matrix: Matrix) -> None:
    """Raise MatrixError if the document is not what the matrix, locks and known holes say."""
    path = matrix.root / DOCUMENT
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    if text != render(matrix, read(matrix.root)):
        raise MatrixError(f"{DOCUMENT}: out of date; run `make matrix-table`")
