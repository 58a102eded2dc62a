"""Record where the front and the worker spend their time under a case's load, with py-spy."""

import os
import subprocess
import threading
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from experiments.benchmarks import load, measure, results, rounds, server, setup
from experiments.benchmarks.cases import Case
from experiments.benchmarks.load import Shape
from experiments.benchmarks.peers.serving_runtime import OURS
from experiments.benchmarks.rounds import Result
from experiments.benchmarks.server import Asked, Server

PROGRAM = Path(setup.interpreter("runner")).with_name("py-spy")
FLAME_GRAPH, STACKS = "flamegraph", "raw"
SAMPLES_PER_SECOND = 200
# So many functions are told; the flame graph has them all.
TOP = 10


class ProfileError(Exception):
    """py-spy failed; the message is what it printed."""


class Profiled(NamedTuple):
    """Which service is profiled under which load, and what its files are called."""

    shape: Shape
    seconds: float
    folder: Path


def run(cases: Sequence[Case], shape: Shape, seconds: float, folder: Path) -> int:
    """Profile our service under each case's load; writes flame graphs, and the figures as JSON.

    Args:
        cases: what is asked.
        shape: how many ask at a time.
        seconds: of each recording.
        folder: where ``profile.json`` and the graphs go.

    Returns:
        How many cases have a problem.

    Raises:
        ServerError: our service did not start.
        ProfileError: py-spy failed.
    """
    load.install()
    profiled = Profiled(shape, seconds, folder)
    told = results.origin([OURS], cases)
    told.update(seconds=seconds, shape=shape.name)
    profiles = (_profile(case, profiled) for case in cases)
    return results.as_they_come(told, profiles, folder / "profile.json")


def _profile(case: Case, profiled: Profiled) -> dict[str, Any]:
    asked = Asked(OURS, case, OURS.protocol.encode(case))
    empty = Result(OURS.name, case.name, profiled.shape.name, 1)
    found: list[Result] = []
    with server.running(asked) as up:
        rounds.warm_up(asked, up)
        # Both recordings, and a moment for py-spy to begin and to end.
        lasts = 2 * profiled.seconds + 4
        loading = threading.Thread(
            target=lambda: found.append(rounds.measured(asked, up, profiled.shape, lasts, empty))
        )
        loading.start()
        processes = _record(up, case, profiled)
        loading.join()
    problem = found[0].problem if found else "the load failed"
    return {"case": case.name, "processes": processes, "problem": problem}


def _record(up: Server, case: Case, profiled: Profiled) -> dict[str, Any]:
    """Record front and worker at the same time: flame graphs first, then stacks to count."""
    _, seconds, folder = profiled
    folder.mkdir(parents=True, exist_ok=True)
    pids = measure.front_and_worker(up.pid)
    for form, suffix in ((FLAME_GRAPH, "svg"), (STACKS, "txt")):
        paths = {name: folder / f"profile-{case.name}-{name}.{suffix}" for name in pids}
        spies = [_spy(pids[name], form, seconds, path) for name, path in paths.items()]
        for spy in spies:
            _wait(spy, seconds)
    shares = {name: shares_of(path.read_text()) for name, path in paths.items()}
    for path in paths.values():
        path.unlink()
    return shares


def _spy(pid: int, form: str, seconds: float, path: Path) -> "subprocess.Popen[str]":
    # A flame graph's title is the command: it is to be the same on every machine.
    program, output = (os.path.relpath(each, setup.ROOT) for each in (PROGRAM, path))
    command = [program, "record", "--pid", str(pid), "--format", form, "--function"]
    command += ["--duration", f"{seconds:.0f}", "--rate", str(SAMPLES_PER_SECOND)]
    return subprocess.Popen(
        [*command, "--output", output],
        cwd=setup.ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def _wait(spy: "subprocess.Popen[str]", seconds: float) -> None:
    printed, _ = spy.communicate(timeout=seconds + load.GRACE_SECONDS)
    if spy.returncode:
        raise ProfileError(f"py-spy failed, which may need more rights:\n{printed[-1000:]}")


def shares_of(stacks: str) -> list[tuple[str, float]]:
    """Return the functions that the samples ended in, and their shares of all samples."""
    counts: Counter[str] = Counter()
    for line in stacks.splitlines():
        stack, _, count = line.rpartition(" ")
        counts[stack.rpartition(";")[2]] += int(count)
    return [(name, count / counts.total()) for name, count in counts.most_common(TOP)]
