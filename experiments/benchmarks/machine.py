"""Describe what results were measured on, and with: no figure means anything without."""

import json
import os
import platform
import re
import subprocess
from collections.abc import Iterable
from pathlib import Path

from experiments.benchmarks import setup
from experiments.benchmarks.cases import Case
from experiments.benchmarks.peers import Peer

# Run by an environment's interpreter: prints the versions of the packages that it has.
ASK = """
import importlib.metadata, json, sys
found = {}
for name in sys.argv[1:]:
    try:
        found[name] = importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        pass
print(json.dumps({"python": sys.version.split()[0], **found}))
"""


def describe() -> dict[str, str]:
    """Return the machine, its system and the generators."""
    return {
        "processor": _first(r"model name\s*: (.+)", Path("/proc/cpuinfo")),
        "cores": str(len(os.sched_getaffinity(0))),
        "memory": _first(r"MemTotal:\s*(\d+ kB)", Path("/proc/meminfo")),
        "system": f"{platform.system()} {platform.release()}",
        "commit": _output("git", "-C", str(setup.ROOT), "rev-parse", "--short", "HEAD"),
        "h2load": _output("h2load", "--version").rpartition("/")[2],
        "wrk": _output("wrk", "--version").partition(" [")[0].removeprefix("wrk "),
    }


def versions(peers: Iterable[Peer], cases: Iterable[Case]) -> dict[str, dict[str, str]]:
    """Return what each peer's environments have, by peer."""
    cases = list(cases)
    return {peer.name: _versions(peer, cases) for peer in peers}


def _versions(peer: Peer, cases: list[Case]) -> dict[str, str]:
    wanted = {peer.environment_for(case) for case in cases if case.name in peer.cases}
    found: dict[str, str] = {}
    for name in sorted(it for it in wanted if setup.is_ready(it)):
        told = _output(str(setup.interpreter(name)), "-c", ASK, *peer.packages)
        found.update(json.loads(told or "{}"))
    return found


def _first(pattern: str, path: Path) -> str:
    found = re.search(pattern, path.read_text())
    return found[1] if found else "unknown"


def _output(*command: str) -> str:
    """Return what a program prints first, whatever its exit code: wrk's is 1 for its version."""
    try:
        run = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                             check=False)  # fmt: skip
    except FileNotFoundError:
        return "not installed"
    return run.stdout.strip().partition("\n")[0]
