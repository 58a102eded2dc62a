"""Read the faults to plant, and plant one: its text must be there just once."""

from pathlib import Path
from typing import NamedTuple

import yaml

ROOT = Path(__file__).resolve().parents[2]
# A framework brings a fault of its loader's.
FILES = (
    Path(__file__).with_name("faults.yaml"),
    *sorted(ROOT.glob("runtimes/*/tests/planted.yaml")),
)


class Fault(NamedTuple):
    """A small replacement in one file that makes a part of the service wrong.

    ``tests`` are the paths of the short suite that must catch it, run by ``environment``.
    """

    part: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]
    environment: str = "dev"


class NoPlaceError(Exception):
    """The text that a fault replaces is not there, or more than once: the source has changed."""


def _read(path: Path) -> dict[str, Fault]:
    faults = yaml.safe_load(path.read_text(encoding="utf-8"))
    return {
        part: Fault(part, **{**fields, "tests": tuple(fields["tests"])})
        for part, fields in faults.items()
    }


FAULTS = {part: fault for path in FILES for part, fault in _read(path).items()}


def planted(fault: Fault, text: str) -> str:
    """Return a file's text with the fault.

    Raises:
        NoPlaceError: it is not clear where.
    """
    found = text.count(fault.old)
    if found != 1:
        raise NoPlaceError(
            f"{fault.part}: expected once in {fault.file}, found {found} times: {fault.old!r}"
        )
    return text.replace(fault.old, fault.new)
