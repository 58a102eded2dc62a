"""List what time has overtaken in the matrix, since nobody reads the news of every framework.

It knows three things: a release of a framework that is newer than every row, a newer patch release
of a supported row's line, and an interpreter of a supported row that ends. Rows that are not
supported are kept as they are on purpose. What is newer among the other packages of an image is not
listed: `make lock-supported` takes it, and the difference says it.
"""

import datetime
import functools
import json
import sys
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from packaging.requirements import InvalidRequirement, Requirement
from packaging.version import Version

from tools import command_line, programs
from tools.command_line import ToolError
from tools.locks.downloads import wheels_for
from tools.rows import Matrix, Row, Status, load
from tools.rows.interpreters import end_of_life
from tools.tables import markdown

SOON = datetime.timedelta(days=90)
# What a wheel for every base may be tagged with, PyPI's oldest names included.
MANYLINUX = [f"manylinux_2_{minor}_x86_64" for minor in range(5, 29)]
PLATFORMS = [*MANYLINUX, "manylinux1_x86_64", "manylinux2010_x86_64", "manylinux2014_x86_64"]
HEAD = ("What", "In the matrix", "There is", "To do")


class Finding(NamedTuple):
    """Something that time has overtaken."""

    what: str
    now: str
    found: str
    step: str


class Pin(NamedTuple):
    """The package and the version that a row is named for."""

    package: str
    version: Version

    @property
    def line(self) -> tuple[int, ...]:
        """What its patch releases share with it."""
        return self.version.release[:2]


def pin_of(row: Row) -> Pin:
    """Read the first requirement of a row."""
    try:
        wanted = Requirement(row.framework[0])
        (version,) = (Version(it.version) for it in wanted.specifier if it.operator == "==")
    except (InvalidRequirement, ValueError) as error:
        raise ToolError(
            f"{row.name}: framework begins with {row.framework[0]!r}, expected package==version"
        ) from error
    return Pin(wanted.name, Version(version.public))  # 2.13.0+cpu is a build of 2.13.0


@functools.cache
def offered(package: str, python: str) -> frozenset[Version]:
    """Ask pip, which knows this machine's indexes, for the final releases with wheels for a Python.

    Returns:
        None at all if there are no such wheels, or if pip reaches no index.
    """
    asked = ["index", "versions", package, "--json", *wheels_for(python, PLATFORMS)]
    run = programs.run([sys.executable, "-m", "pip", *asked])
    if run.returncode and "No matching distribution found" in run.stderr:
        return frozenset()
    if run.returncode:
        raise ToolError(f"`pip index versions {package}` failed:\n{run.stderr.strip()}")
    return frozenset(Version(Version(it).public) for it in json.loads(run.stdout)["versions"])


def newer_patches(rows: tuple[Row, ...]) -> Iterator[Finding]:
    """Find newer releases of the lines of a runtime's supported rows."""
    pins = {row: pin_of(row) for row in rows}
    for row, pin in pins.items():
        if row.status is Status.SUPPORTED:
            line = [it for it in _offered(pin.package, [row.python]) if it.release[:2] == pin.line]
            newest = max(line, default=pin.version)
            if newest > max(it.version for it in pins.values() if it.line == pin.line):
                step = f"put a row for {newest} in its place"
                yield Finding(row.name, f"{pin.package} {pin.version}", str(newest), step)


def newer_releases(rows: tuple[Row, ...], pythons: list[str]) -> Iterator[Finding]:
    """Find a runtime's framework in a release whose line no row has yet, for one of the Pythons."""
    newest = max((pin_of(row) for row in rows), key=lambda pin: pin.version)
    found = max(_offered(newest.package, pythons))
    if found > newest.version and found.release[:2] != newest.line:
        now = f"{newest.package} {newest.version}"
        yield Finding(rows[0].runtime, now, str(found), "add a row")


def _offered(package: str, pythons: list[str]) -> frozenset[Version]:
    found = frozenset[Version]().union(*(offered(package, python) for python in pythons))
    if not found:
        raise ToolError(
            f"pip finds no release of {package} for Python {', '.join(pythons)}: is an index within"
            " reach? `pip config list` shows where pip looks"
        )
    return found


def endings(rows: Iterable[Row], today: datetime.date) -> Iterator[Finding]:
    """Find supported rows whose interpreter has ended or ends within three months."""
    for row in rows:
        if row.status is Status.SUPPORTED and end_of_life(row) - today <= SOON:
            last_day = end_of_life(row)
            tense = "ended" if last_day < today else "ends"
            step = "make it legacy" if last_day < today else "plan its successor"
            yield Finding(row.name, f"Python {row.python}", f"{tense} on {last_day}", step)


def findings(matrix: Matrix, today: datetime.date) -> list[Finding]:
    """List everything that is outdated, runtime by runtime."""
    # A release may have left the Pythons of its own framework's rows behind.
    pythons = [row.python for row in matrix.rows if row.status is Status.SUPPORTED]
    found: list[Finding] = []
    for runtime in matrix.runtimes:
        rows = tuple(row for row in matrix.rows_of(runtime) if row.framework)
        if rows and pythons:
            found += [*newer_releases(rows, list(dict.fromkeys(pythons))), *newer_patches(rows)]
    return [*found, *endings(matrix.rows, today)]


@command_line.program
def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    parser = command_line.parser("tools.outdated", __doc__)
    parser.epilog = (
        "Where pip looks for releases is pip's configuration, PIP_INDEX_URL for instance."
    )
    parser.parse_args(arguments)
    found = findings(load(), datetime.datetime.now(datetime.timezone.utc).date())
    print(markdown(HEAD, found) if found else "Nothing is outdated.\n", end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
