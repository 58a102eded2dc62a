"""Hold the locks of supported rows against known vulnerabilities, but for those that are accepted.

Legacy rows fall short where their Python or their framework takes no newer version: they say so by
their status, and are not for untrusted callers.
"""

import datetime
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import yaml

from tools import locks
from tools.rows.rows import Matrix, MatrixError, Row, Status
from tools.security import known
from tools.security.known import Gap

FILE = Path("security/accepted.yaml")
"""The list, from the checkout's root; its first lines say what its entries mean."""


class Accepted(NamedTuple):
    """Holes of a package that some supported rows are released with."""

    rows: list[str]
    package: str
    ids: list[str]
    since: datetime.date
    reason: str


Key = tuple[str, str, str]
"""A row, a package and the number of a hole."""


def read(root: Path) -> dict[Key, Accepted]:
    """Read what is accepted, by all that an entry covers."""
    path = root / FILE
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    try:
        entries = [Accepted(**block) for block in yaml.safe_load(text) or []]
    except (TypeError, yaml.YAMLError) as error:
        wanted = ", ".join(Accepted._fields)
        raise MatrixError(f"{FILE}: expected entries of {wanted}; {error}") from error
    return {
        (row, entry.package, number): entry
        for entry in entries
        for row in entry.rows
        for number in entry.ids
    }


def gaps_by_row(matrix: Matrix) -> dict[str, list[Gap]]:
    """Find what falls short in each row that is built, by the row's name."""
    packages = known.read(matrix.root).packages
    return {row.name: list(known.gaps(pins_of(matrix, row), packages)) for row in matrix.built}


def pins_of(matrix: Matrix, row: Row) -> Mapping[str, str]:
    """Read a row's lock; a missing or broken one is reported by the other checks."""
    try:
        return locks.read(matrix.root / row.lock)
    except (OSError, locks.LockError):
        return {}


def problems(matrix: Matrix) -> Iterator[str]:
    """Return what supported rows may not be released with, and entries that none needs."""
    try:
        by_row, accepted = gaps_by_row(matrix), read(matrix.root)
    except MatrixError as error:
        yield str(error)
        return
    supported = [row for row in matrix.built if row.status is Status.SUPPORTED]
    needed = {
        (row.name, gap.package, hole.id): _problem(row, gap, str(hole))
        for row in supported
        for gap in by_row[row.name]
        for hole in gap.open
    }
    yield from (text for key, text in needed.items() if key not in accepted)
    for row_name, package, number in (key for key in accepted if key not in needed):
        yield f"{FILE}: {row_name} does not need {number} of {package} accepted; remove it"


def _problem(row: Row, gap: Gap, hole: str) -> str:
    """Return why a package must be raised, or decided upon."""
    if gap.floor:
        expected, remedy = f"expected {gap.floor} or newer", f"raise it: `make {locks.verb(row)}`"
    else:
        expected, remedy = "and no release is safe", f"accept it in {FILE}, with the reason"
    return f"{row.name}: {gap.package} is {gap.version}, {expected}, for {hole}; {remedy}"


def listing(matrix: Matrix, rows: Iterable[Row]) -> Iterator[str]:
    """Return the known vulnerabilities of rows as lines for people."""
    renewed, packages = known.read(matrix.root)
    accepted = read(matrix.root)
    yield f"As known on {renewed}; {known.FILE} has the sources."
    for row in rows:
        pins = pins_of(matrix, row)
        gaps = list(known.gaps(pins, packages))
        nothing = ": none is known" if pins else ": has no lock to look into"
        yield f"\n{row.name} ({row.status})" + ("" if gaps else nothing)
        for gap in gaps:
            remedy = f"closed in {gap.floor}" if gap.floor else "open in every release"
            yield f"  {gap.package} {gap.version}, {remedy}"
            for hole in gap.open:
                yield f"    {hole}"
                entry = accepted.get((row.name, gap.package, hole.id))
                if entry:
                    yield f"      accepted since {entry.since}: {entry.reason.strip()}"
