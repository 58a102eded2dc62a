"""Read each image's lock, so that an image built next year holds the packages tested today.

A lock pins everything that an image gets beyond its base, with the hashes of the wheels: what
common and the runtime ask for in their setup.cfg and what the row adds, for the row's interpreter
on x86-64 Linux. Its header repeats what was asked for, so that a lock older than that is noticed.
"""

import configparser
import re
from pathlib import Path

from packaging.markers import Marker
from packaging.utils import canonicalize_name

from tools.command_line import ToolError
from tools.rows.rows import Row

PIN = re.compile(r"^([\w.-]+)==([^\s;]+) \\\n(?: {4}--hash=sha256:[0-9a-f]{64}(?: \\)?\n)+", re.M)

HEADER = """\
# What {image}:{version} holds beyond its base: hashed wheels for
# Python {python} on Linux x86-64. Made by `make {verb}` from
{requirements}
"""


class LockError(ToolError):
    """There is no lock to be had or read; the message has the reason and what would help."""


def verb(row: Row) -> str:
    """Name the make verb that renews a row's lock."""
    return f"lock/{row.name}"


def requirements(root: Path, row: Row) -> list[str]:
    """List what a row asks for, sorted, without this repository's packages and what others need."""
    folders = [root / "common", root / row.folder]
    described = [_describe(folder / "setup.cfg") for folder in folders]
    ours = {canonicalize_name(name) for name, _ in described}
    asked = [line for _, lines in described for line in lines] + list(row.framework)
    wanted = {line for line in asked if name_in(line) not in ours and _is_for(row.python, line)}
    return sorted(wanted, key=str.lower)


def _is_for(python: str, requirement: str) -> bool:
    """Return whether a requirement's marker, if it has one, holds for an interpreter."""
    marker = requirement.partition("; ")[2]
    return not marker or Marker(marker).evaluate({"python_version": python})


def _describe(path: Path) -> tuple[str, list[str]]:
    """Read a package's name and requirements from its setup.cfg."""
    config = configparser.ConfigParser()
    config.read_string(path.read_text(encoding="utf-8"))
    asked = config.get("options", "install_requires", fallback="")
    return config["metadata"]["name"], [line for line in asked.splitlines() if line.strip()]


def name_in(requirement: str) -> str:
    """Return the package that a requirement asks for, its name as PyPI normalises it."""
    return canonicalize_name(re.split(r"[^\w.-]", requirement.strip(), maxsplit=1)[0])


def header(root: Path, row: Row) -> str:
    """Return what a row's lock is made from, as its first lines do."""
    lines = "\n".join(f"#     {line}" for line in requirements(root, row))
    image = f"serving-runtime-{row.runtime}"  # without the owner: forks keep their locks
    return HEADER.format(
        image=image, version=row.version, python=row.python, verb=verb(row), requirements=lines
    )


def is_stale(root: Path, row: Row) -> bool:
    """Whether a row's lock was made from something else than what the row asks for now."""
    return not (root / row.lock).read_text(encoding="utf-8").startswith(header(root, row))


def read(path: Path) -> dict[str, str]:
    """Read the versions of a lock by name, as PyPI normalises it.

    Raises:
        LockError: a line is not a pin with hashes.
    """
    text = path.read_text(encoding="utf-8")
    strays = [line for line in PIN.sub("", text).splitlines() if line and not line.startswith("#")]
    if strays:
        raise LockError(f"{path}: {strays[0].strip()!r} is not a pin with sha256 hashes")
    return {canonicalize_name(found[1]): found[2] for found in PIN.finditer(text)}


def local_pins(root: Path, row: Row) -> list[str]:
    """List the pins of a row's lock, with hashes, whose local version PyPI does not have."""
    lock = root / row.lock
    if not lock.exists():
        raise LockError(f"{row.name}: there is no {row.lock}; run `make {verb(row)}`")
    pins = PIN.finditer(lock.read_text(encoding="utf-8"))
    return [found[0] for found in pins if is_local(found[0])]


def is_local(requirement: str) -> bool:
    """Whether a requirement is of a local version, such as `torch==2.13.0+cpu`."""
    return re.match(r"[\w.-]+==[^\s;]*\+", requirement) is not None


def pins_of(row: Row) -> list[str]:
    """List the packages that a row names in one version: the framework, and what goes with it."""
    return [line for line in row.framework if "==" in line]
