"""Renew `security/known.json` by pip-audit, where a vulnerability service is reached.

A service that is not reached has no news, and to pip-audit that may look as if all were well. So
each question has a package in it that is known to be vulnerable, and an answer without its holes
is refused; so is one that skips a package.
"""

import datetime
import json
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from packaging.version import Version

from tools import programs
from tools.command_line import ToolError
from tools.rows import Matrix, load
from tools.security import accepted, known
from tools.security.known import Known, Packages, Vulnerability

CANARY = ("django", "2.0")
"""In no image, and vulnerable for ever."""
MAX_ABOUT = 120
COMMAND = ("--strict", "--format=json", "--no-deps", "--disable-pip", "--progress-spinner=off")

Pin = tuple[str, str]
Answer = Mapping[Pin, Sequence[Mapping[str, Any]]]
"""The vulnerabilities of each package and version, as pip-audit describes them."""


def renew(matrix: Matrix, today: datetime.date, ask: Callable[[Iterable[Pin]], Answer]) -> Known:
    """Return what is known now: all from before of what is still shipped, and what is new.

    Args:
        matrix: the rows, whose locks are asked about.
        today: the day that the data gets.
        ask: a service, such as `ask_pip_audit`.
    """
    before = known.read(matrix.root).packages
    answer: dict[Pin, Sequence[Mapping[str, Any]]] = {}
    for row in matrix.built:
        # `2.13.0+cpu` is a build of 2.13.0, and no service knows it.
        pins = {(name, Version(it).public) for name, it in accepted.pins_of(matrix, row).items()}
        new = sorted(pins - answer.keys())
        answer.update(ask(new) if new else {})
    return Known(today, merged(before, answer))


def merged(before: Packages, answer: Answer) -> Packages:
    """Add what a service answers to what was known; what agrees with it stays as it was."""
    shipped = dict.fromkeys(name for name, _ in answer)
    known_now = {name: _holes(name, before.get(name, ()), answer) for name in shipped}
    return {name: holes for name, holes in known_now.items() if holes}


def _holes(
    package: str, before: Sequence[Vulnerability], answer: Answer
) -> tuple[Vulnerability, ...]:
    asked = {
        Version(version): found for (name, version), found in answer.items() if name == package
    }
    holes = {hole.id: hole for hole in before}
    for block in (block for found in asked.values() for block in found):
        number = _number(block)
        has_it = [it for it, found in asked.items() if number in map(_number, found)]
        old = holes.get(number)
        if old is None or any(old.spares(version) for version in has_it):
            holes[number] = _vulnerability(number, block, has_it, asked)
    return tuple(holes.values())


def _number(block: Mapping[str, Any]) -> str:
    """Return the CVE of a vulnerability, or what else it is called."""
    names: list[str] = [block["id"], *block.get("aliases", ())]
    return min(names, key=lambda name: (not name.startswith("CVE-"), name))


def _vulnerability(
    number: str, block: Mapping[str, Any], has_it: Sequence[Version], asked: Iterable[Version]
) -> Vulnerability:
    about = " ".join(str(block.get("description") or "not described").split())
    source = f"https://osv.dev/vulnerability/{block['id']}"
    # A service names no first version: it is the oldest of ours, if an older one of ours is safe.
    first = min(has_it)
    since = str(first) if any(version < first for version in asked) else ""
    return Vulnerability(number, about[:MAX_ABOUT], source, tuple(block["fix_versions"]), since)


def ask_pip_audit(pins: Iterable[Pin]) -> Answer:
    """Ask the service that pip-audit asks."""
    wanted = [*pins, CANARY]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "requirements.txt")
        file.write_text("".join(f"{name}=={version}\n" for name, version in wanted))
        command = [sys.executable, "-m", "pip_audit", *COMMAND, "--requirement", str(file)]
        run = programs.run(command)
    return trusted(run.stdout, run.stderr, wanted)


def trusted(text: str, complaint: str, wanted: Sequence[Pin]) -> Answer:
    """Read an answer, and return it without the canary.

    Args:
        text: JSON, as pip-audit prints it; its exit code is 1 both for findings and for failures.
        complaint: what else it printed.
        wanted: what was asked for, the canary included.
    """
    try:
        answered = [it for it in json.loads(text)["dependencies"] if "vulns" in it]  # or skipped
        answer = {(it["name"], it["version"]): it["vulns"] for it in answered}
    except (KeyError, TypeError, ValueError):
        raise ToolError(f"pip-audit gave no answer:\n{complaint.strip()[-1000:]}") from None
    missing = [f"{name}=={version}" for name, version in wanted if (name, version) not in answer]
    if missing:
        raise ToolError(f"pip-audit skipped {', '.join(missing)}:\n{complaint.strip()[-1000:]}")
    if not answer.pop(CANARY):
        raise ToolError(
            f"pip-audit finds nothing in {'=='.join(CANARY)}, which is full of holes: it has not"
            " reached its vulnerability service, so its answer says nothing"
        )
    return answer


def main() -> int:
    """Renew the data and return the exit code."""
    try:
        matrix = load()
        today = datetime.datetime.now(datetime.timezone.utc).date()
        found = renew(matrix, today, ask_pip_audit)
    except ToolError as error:
        print(f"{error}\n{known.FILE} stays as it was", file=sys.stderr)
        return 1
    known.write(matrix.root, found)
    print(f"{known.FILE}: {sum(map(len, found.packages.values()))} vulnerabilities, as of {today}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
