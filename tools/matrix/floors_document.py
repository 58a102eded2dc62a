"""Write docs/security-floors.md, in which users see the holes of the images that they run."""

import itertools
import operator
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from tools.matrix.floors import FILE, Advisory, Floors, Gap, gaps_by_row, read
from tools.rows.rows import Matrix, MatrixError, Row

DOCUMENT = Path("docs/security-floors.md")
"""Where the repository keeps it, from the checkout's root."""

INTRODUCTION = f"""\
# Security floors

Written by `make matrix-floors` from [{FILE.name}](../{FILE})
and the images' locks. A floor is the oldest version of a package without the security holes that
are listed here. Supported images keep to the floors, but for the exceptions below, each with its
reason. Legacy images fall short where their Python or their framework takes no newer version: they
are not for untrusted callers.

It is about the Python packages that the images add to their base, by their own advisories. The
base's packages and libraries inside wheels are not looked at, nor is a hole that nobody has written
down: for that, scan the image.
"""

GAPS = ("Package", "Version", "Floor", "Open")
FLOORS = ("Package", "Advisory", "About", "Closed in")


def section(row: Row) -> str:
    """Name a row's section, so that other documents can link to it."""
    title = f"{row.runtime} {row.version}"
    return re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-")


def line(cells: Iterable[str]) -> str:
    """Make a line of a Markdown table."""
    return f"| {' | '.join(cells)} |"


def render(matrix: Matrix) -> str:
    """Make the document."""
    floors = read(matrix.root)
    by_row = gaps_by_row(matrix, floors)
    short = [
        part for row in matrix.built if by_row[row.name] for part in _row(row, by_row[row.name])
    ]
    parts = [INTRODUCTION, "## Images below the floors\n", *short, "## The floors\n", _all(floors)]
    return "\n".join(parts)


def _row(row: Row, gaps: list[Gap]) -> Iterator[str]:
    yield f"### {row.runtime} {row.version}\n\n{row.status.capitalize()}.\n"
    yield _table(GAPS, ((*gap[:3], _cves(gap.advisories)) for gap in gaps))
    reasons: dict[str, list[str]] = {}
    for hole in (hole for gap in gaps for hole in gap.advisories if row.name in hole.accepted):
        reasons.setdefault(hole.accepted[row.name], []).append(hole.cve)
    if reasons:
        yield "Why that is accepted:\n"
        yield "".join(f"- {', '.join(cves)}: {why}.\n" for why, cves in reasons.items())


def _cves(advisories: Sequence[Advisory]) -> str:
    return ", ".join(hole.cve for hole in advisories)


def _all(floors: Floors) -> str:
    return _table(
        FLOORS,
        (
            (names, f"[{hole.cve}]({hole.source})", hole.about, ", ".join(map(str, hole.fixed)))
            for names, advisories in _alike(floors)
            for hole in advisories
        ),
    )


def _alike(floors: Floors) -> Iterator[tuple[str, tuple[Advisory, ...]]]:
    """Return packages that share their advisories, as builds of one framework do, as one."""
    for advisories, group in itertools.groupby(floors.items(), key=operator.itemgetter(1)):
        yield ", ".join(name for name, _ in group), advisories


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [line(head), line(["---"] * len(head)), *map(line, rows)]
    return "\n".join(lines) + "\n"


def write(matrix: Matrix) -> None:
    """Renew the document in the checkout."""
    path = matrix.root / DOCUMENT
    path.parent.mkdir(exist_ok=True)
    path.write_text(render(matrix), encoding="utf-8")


def check(matrix: Matrix) -> None:
    """Compare the document with the floors and the locks.

    Raises:
        MatrixError: it says something else, or is not there.
    """
    path = matrix.root / DOCUMENT
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    if text != render(matrix):
        raise MatrixError(f"{DOCUMENT} is out of date; run `make matrix-floors`")
