"""Read and write `security/known.json`: known vulnerabilities of packages that images hold.

It is dated data: `make vulnerabilities-renew` renews it, where a vulnerability service is reached.
What an image is released with all the same is in `security/accepted.yaml`, see `accepted`.
"""

import datetime
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from packaging.version import Version

from tools.rows.rows import MatrixError

FILE = Path("security/known.json")
"""The data, from the checkout's root."""


class Vulnerability(NamedTuple):
    """One hole of a package."""

    id: str
    about: str
    source: str
    fixed: tuple[str, ...]
    """The versions that closed it, one for each line of releases; none while it is open."""
    since: str = ""
    """The first version that has it; empty if every older one has it."""

    def spares(self, version: Version) -> bool:
        """Whether a version does not have the hole.

        A version is safe if it is older than the hole, as new as the newest fix, or as new as a fix
        of its own line, whose versions share all their numbers but the last.
        """
        fixes = [Version(text) for text in self.fixed]
        if self.since and version < Version(self.since):
            return True
        in_line = any(_line(fix) == _line(version) and fix <= version for fix in fixes)
        return in_line or (bool(fixes) and version >= max(fixes))

    def __str__(self) -> str:
        """Return its number and what it is about, as messages do."""
        return f"{self.id} ({self.about})"


Packages = Mapping[str, tuple[Vulnerability, ...]]
"""Vulnerabilities by the package's name as PyPI normalises it."""


class Known(NamedTuple):
    """The data, and when it was renewed."""

    renewed: datetime.date
    packages: Packages


class Gap(NamedTuple):
    """A package of a row that has open holes, and the oldest newer version without any."""

    package: str
    version: str
    floor: str
    """Empty if no release has closed them all."""
    open: tuple[Vulnerability, ...]


def _line(version: Version) -> tuple[int, ...]:
    return version.release[:-1]


def read(root: Path) -> Known:
    """Read a checkout's data; nothing is known without the file."""
    path = root / FILE
    if not path.exists():
        return Known(datetime.date.min, {})
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        packages = {
            name: tuple(_vulnerability(**block) for block in blocks)
            for name, blocks in content["packages"].items()
        }
        return Known(datetime.date.fromisoformat(content["renewed"]), packages)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise MatrixError(
            f"{FILE}: not as `make vulnerabilities-renew` writes it: {error}"
        ) from error


def _vulnerability(
    *, id: str, about: str, source: str, fixed: Sequence[str], since: str = ""
) -> Vulnerability:
    if not re.fullmatch(r"(CVE|GHSA|PYSEC|OSV)-[\w-]+", id):
        raise ValueError(f"id is {id!r}")
    for text in (*fixed, *filter(None, [since])):
        Version(text)
    return Vulnerability(id, about, source, tuple(fixed), since)


def write(root: Path, known: Known) -> None:
    """Write the data, packages and their holes in order, so that a renewal shows what is new."""
    packages = ",\n".join(
        f'  "{name}": [\n   {_lines(known.packages[name])}\n  ]' for name in sorted(known.packages)
    )
    text = f'{{\n "renewed": "{known.renewed}",\n "packages": {{\n{packages}\n }}\n}}\n'
    (root / FILE).write_text(text, encoding="utf-8")


def _lines(holes: Sequence[Vulnerability]) -> str:
    """Write each hole in a line of its own."""
    blocks = (hole._asdict() for hole in sorted(holes, key=_age))
    return ",\n   ".join(json.dumps(block, ensure_ascii=False) for block in blocks)


def _age(hole: Vulnerability) -> tuple[int, ...]:
    """Sort CVE-2024-9 before CVE-2024-10, and both before CVE-2025-1."""
    return tuple(int(number) for number in re.findall(r"\d+", hole.id))


def gaps(pins: Mapping[str, str], packages: Packages) -> Iterator[Gap]:
    """Find the packages of a lock's pins with open holes, in the order of their names."""
    for package in sorted(packages.keys() & pins.keys()):
        version = Version(pins[package])
        holes = packages[package]
        found = tuple(hole for hole in holes if not hole.spares(version))
        if found:
            yield Gap(package, pins[package], _floor(version, holes), found)


def _floor(version: Version, holes: Sequence[Vulnerability]) -> str:
    fixes = {Version(text) for hole in holes for text in hole.fixed}
    safe = [fix for fix in fixes if fix > version and all(hole.spares(fix) for hole in holes)]
    return str(min(safe)) if safe else ""
