"""Read what each lane and each part of it may take: `budgets.yaml` is the only source."""

import fnmatch
from pathlib import Path
from typing import NamedTuple

import yaml

FILE = Path(__file__).with_name("budgets.yaml")


class Part(NamedTuple):
    """A part of a lane: a verb of the Makefile, or a pattern of verbs such as ``unit-*``."""

    name: str
    seconds: int
    what: str


class Lane(NamedTuple):
    """Parts that are run together, by one command."""

    name: str
    command: str
    seconds: int
    what: str
    parts: tuple[Part, ...]

    def budget_of(self, part: str) -> int:
        """Return the seconds that a part may take.

        Raises:
            KeyError: no budget is set for it.
        """
        for it in self.parts:
            if fnmatch.fnmatchcase(part, it.name):
                return it.seconds
        raise KeyError(f"{part} has no budget in the lane {self.name}: set one in {FILE}")


def read(text: str) -> dict[str, Lane]:
    """Read the lanes from YAML, by name."""
    return {name: _lane(name, **fields) for name, fields in yaml.safe_load(text).items()}


def _lane(
    name: str, command: str, seconds: int, what: str, parts: dict[str, dict[str, object]]
) -> Lane:
    read_parts = tuple(Part(part, **fields) for part, fields in parts.items())  # type: ignore[arg-type]
    return Lane(name, command, seconds, what, read_parts)


LANES = read(FILE.read_text(encoding="utf-8"))


def table() -> str:
    """Return the budgets as the table that stands in CONTRIBUTING.md."""
    rows = ["| Lane or part | What | Budget |", "| --- | --- | --- |"]
    for lane in LANES.values():
        rows.append(f"| **`{lane.command}`** | {lane.what} | **{in_words(lane.seconds)}** |")
        rows.extend(f"| `{it.name}` | {it.what} | {in_words(it.seconds)} |" for it in lane.parts)
    return "\n".join(rows) + "\n"


def in_words(seconds: int) -> str:
    """Return a time as people say it: seconds up to three minutes, then minutes, then hours."""
    if seconds <= 180:
        return f"{seconds} s"
    return f"{seconds / 60:g} min" if seconds < 7200 else f"{seconds / 3600:g} h"
