"""Compare locks with the versions that closed security holes, so that no open one ships unseen."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from packaging.version import Version

from tools import locks
from tools.rows.reader import parse
from tools.rows.rows import Matrix, MatrixError, Row, Status

FILE = Path("tools/matrix/floors.yaml")
"""The floors, from the checkout's root; its first lines say what they mean."""


class Advisory(NamedTuple):
    """One security hole of a package."""

    cve: str
    about: str
    source: str
    fixed: tuple[Version, ...]
    since: Version | None
    accepted: Mapping[str, str]

    def spares(self, version: Version) -> bool:
        """Whether a version does not have the hole."""
        if self.since is not None and version < self.since:
            return True
        in_line = any(_line(fix) == _line(version) and fix <= version for fix in self.fixed)
        return in_line or version >= max(self.fixed)

    def __str__(self) -> str:
        """Return the number and what it is about, as messages do."""
        return f"{self.cve} ({self.about})"


Floors = Mapping[str, tuple[Advisory, ...]]
"""Advisories by the package's name."""


class Gap(NamedTuple):
    """A package of a row that is too old."""

    package: str
    version: str
    floor: str
    advisories: tuple[Advisory, ...]


def _line(version: Version) -> tuple[int, ...]:
    """Name the line of releases that a version belongs to."""
    return version.release[:-1]


def read(root: Path) -> Floors:
    """Read a checkout's floors; there are none without the file.

    Raises:
        MatrixError: with the first thing that is wrong with the file.
    """
    path = root / FILE
    if not path.exists():
        return {}
    try:
        content = parse(path.read_text(encoding="utf-8"), FILE.name)
        return {name: tuple(_advisory(name, block) for block in content[name]) for name in content}
    except (MatrixError, TypeError) as error:
        raise MatrixError(f"{FILE}: {error}") from error


def _advisory(package: str, block: Mapping[str, Any]) -> Advisory:
    try:
        return _made(**block)
    except (TypeError, ValueError) as error:
        wanted = "cve, about, source, fixed (versions in quotes), perhaps since and accepted"
        raise MatrixError(f"{package}: expected {wanted}; {error}") from error


def _made(
    *,
    cve: str,
    about: str,
    source: str,
    fixed: list[str],
    since: str | None = None,
    accepted: list[dict[str, str]] | None = None,
) -> Advisory:
    if not re.fullmatch(r"CVE-\d{4}-\d{4,}", cve):
        raise ValueError(f"cve is {cve!r}")
    if not fixed:
        raise ValueError(f"fixed of {cve} is empty")
    versions = tuple(Version(text) for text in fixed)
    first = None if since is None else Version(since)
    tolerated = dict(_tolerated(**entry) for entry in accepted or [])
    return Advisory(cve, about, source, versions, first, tolerated)


def _tolerated(*, row: str, reason: str) -> tuple[str, str]:
    return row, reason.strip()


def gaps(pins: Mapping[str, str], floors: Floors) -> list[Gap]:
    """Find the packages that are below their floors.

    Args:
        pins: a lock's versions by name.
        floors: as `read` returns them.

    Returns:
        The packages, in the order of the floors; a floor is the oldest version that is newer and
        has none of the package's holes.
    """
    found = []
    for package in floors.keys() & pins.keys():
        version = Version(pins[package])
        open_ones = tuple(hole for hole in floors[package] if not hole.spares(version))
        if open_ones:
            floor = str(_floor(version, floors[package]))
            found.append(Gap(package, pins[package], floor, open_ones))
    return sorted(found)


def _floor(version: Version, advisories: tuple[Advisory, ...]) -> Version:
    fixes = (fix for advisory in advisories for fix in advisory.fixed if fix > version)
    return min(fix for fix in fixes if all(hole.spares(fix) for hole in advisories))


def gaps_by_row(matrix: Matrix, floors: Floors) -> dict[str, list[Gap]]:
    """Find what falls short in each row that is built, by the row's name."""
    return {row.name: gaps(_pins(matrix, row), floors) for row in matrix.built}


def _pins(matrix: Matrix, row: Row) -> Mapping[str, str]:
    """Read a row's lock; a missing or broken one is reported by the other checks."""
    try:
        return locks.read(matrix.root / row.lock)
    except (OSError, locks.LockError):
        return {}


def problems(matrix: Matrix) -> Iterator[str]:
    """Return what is wrong with supported rows and with the file of floors, one line a problem."""
    try:
        floors = read(matrix.root)
    except MatrixError as error:
        yield str(error)
        return
    by_row = gaps_by_row(matrix, floors)
    for row in matrix.built:
        if row.status is Status.SUPPORTED:
            yield from (problem for gap in by_row[row.name] for problem in _below(row, gap))
    yield from _idle(matrix, floors)
    yield from _needless(matrix, floors, by_row)


def _below(row: Row, gap: Gap) -> Iterator[str]:
    """Return why a package must be raised, unless all of it is accepted."""
    holes = [hole for hole in gap.advisories if row.name not in hole.accepted]
    if holes:
        yield (
            f"{row.name}: {gap.package} is {gap.version}, expected {gap.floor} or newer, for"
            f" {'; '.join(map(str, holes))}; raise it: `make {locks.verb(row)}`"
        )


def _idle(matrix: Matrix, floors: Floors) -> Iterator[str]:
    shipped = {name for row in matrix.built for name in _pins(matrix, row)}
    for package in floors:
        if package not in shipped:
            yield f"{FILE}: {package} is in no lock; remove it or mend its name"


def _needless(matrix: Matrix, floors: Floors, by_row: Mapping[str, list[Gap]]) -> Iterator[str]:
    """Find exceptions of rows that do not need them, or, not being supported, may not have them."""
    needed = {
        (row.name, hole.cve)
        for row in matrix.built
        if row.status is Status.SUPPORTED
        for gap in by_row[row.name]
        for hole in gap.advisories
    }
    holes = (hole for advisories in floors.values() for hole in advisories)
    given = dict.fromkeys((name, hole.cve) for hole in holes for name in hole.accepted)
    for name, cve in given:
        if (name, cve) not in needed:
            yield f"{FILE}: {name} needs no exception from {cve}; remove it"
