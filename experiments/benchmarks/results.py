"""Write results as JSON while they are made, with what they were made on."""

import datetime
import json
import shlex
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from experiments.benchmarks import machine
from experiments.benchmarks.cases import Case
from experiments.benchmarks.peers import Peer


def origin(peers: Sequence[Peer], cases: Sequence[Case]) -> dict[str, Any]:
    """Return what figures come from: the command, the day, the machine and the versions."""
    return {
        "command": f"python -m experiments.benchmarks {shlex.join(sys.argv[1:])}".strip(),
        "date": datetime.datetime.now(datetime.timezone.utc).date().isoformat(),
        "machine": machine.describe(),
        "versions": machine.versions(peers, cases),
    }


def as_they_come(told: dict[str, Any], results: Iterable[dict[str, Any]], path: Path) -> int:
    """Write the results after each one: a long run that is interrupted has not been in vain.

    Returns:
        How many of them have a problem.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    told["results"] = []
    for result in results:
        told["results"].append(result)
        write(told, path)
    print(f"written: {path}")
    return sum(bool(result["problem"]) for result in told["results"])


def write(told: dict[str, Any], path: Path) -> None:
    """Write a file of results."""
    path.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
