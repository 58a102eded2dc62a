"""Load two services in turns and measure each: what they differ by is seen within the same minute.

Both are up all the time, and the load goes to one of them. Each pair begins with the other one, so
that a drift of the machine falls on both. Both are started anew every few pairs, the other one
first: where a process happens to have its memory makes it some per cent faster or slower for as
long as it lives, and the one that is started first is the slower one more often than not.
"""

import contextlib
import time
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from experiments.benchmarks import load, measure, rounds, server
from experiments.benchmarks.cases import Case
from experiments.benchmarks.load import Shape
from experiments.benchmarks.peers import Peer
from experiments.benchmarks.server import Asked, Server

PAIRS_OF_A_START = 5
# A process' own clock of CPU time, in nanoseconds; /proc has hundredths of a second.
# See: clock_getcpuclockid(3), and the kernel's posix-timers_types.h.
CPU_CLOCK = 2


class Sample(NamedTuple):
    """What one service did in its half of a pair: CPU time is that of one call."""

    front_us: float
    worker_us: float
    per_second: float
    errors: int


class Plan(NamedTuple):
    """What is measured: the request, under which loads, so many pairs of so many seconds each."""

    case: Case
    shapes: Sequence[Shape]
    pairs: int
    seconds: float


class Side(NamedTuple):
    """One of the two services, up."""

    asked: Asked
    up: Server
    front: int
    worker: int


def run(plan: Plan, peers: Sequence[Peer], about: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Measure two services under each load of a plan; yields a result for each of the loads.

    Args:
        plan: what is measured.
        peers: the two.
        about: what the results have beside the figures.
    """
    found: dict[Shape, list[list[Sample]]] = {shape: [] for shape in plan.shapes}
    problem = ""
    try:
        _fill(found, plan, peers)
    except (server.ServerError, load.LoadError) as error:
        problem = str(error)
    for shape, pairs in found.items():
        errors = sum(sample.errors for pair in pairs for sample in pair)
        told = problem or (f"{errors} calls failed" if errors else "")
        samples = [[sample._asdict() for sample in pair] for pair in pairs]
        yield {**about, "case": plan.case.name, "shape": shape.name, "pairs": samples,
               "problem": told}  # fmt: skip


def _fill(found: dict[Shape, list[list[Sample]]], plan: Plan, peers: Sequence[Peer]) -> None:
    for first in range(0, plan.pairs, PAIRS_OF_A_START):
        is_other_way = first // PAIRS_OF_A_START % 2 == 1
        with _both(plan.case, peers, is_other_way) as sides:
            for shape, pairs in found.items():
                for number in range(first, min(first + PAIRS_OF_A_START, plan.pairs)):
                    pairs.append(_pair(sides, shape, plan.seconds, number))
            for side in sides:
                _ensure_right(side)


@contextlib.contextmanager
def _both(case: Case, peers: Sequence[Peer], is_other_way: bool) -> Iterator[list[Side]]:
    """Run both services, warmed up; the second is started first if it is the other way round."""
    with contextlib.ExitStack() as stack:
        sides = {}
        for which in [1, 0] if is_other_way else [0, 1]:
            asked = Asked(peers[which], case, peers[which].protocol.encode(case))
            up = stack.enter_context(server.running(asked))
            rounds.warm_up(asked, up)
            processes = measure.front_and_worker(up.pid)
            sides[which] = Side(asked, up, processes["front"], processes["worker"])
        yield [sides[0], sides[1]]


def _pair(sides: Sequence[Side], shape: Shape, seconds: float, number: int) -> list[Sample]:
    """Load both, each first every other time; returns their samples in the order of `sides`."""
    order = [0, 1] if number % 2 == 0 else [1, 0]
    found = {which: _sample(sides[which], shape, seconds) for which in order}
    return [found[0], found[1]]


def _sample(side: Side, shape: Shape, seconds: float) -> Sample:
    before = cpu_seconds(side.front), cpu_seconds(side.worker)
    done = rounds.loaded(side.asked, side.up, shape, seconds)
    after = cpu_seconds(side.front), cpu_seconds(side.worker)
    calls = done.requests - done.errors
    if not calls:
        raise load.LoadError(rounds.NO_ANSWER)
    front_us, worker_us = (1e6 * (end - begin) / calls for begin, end in zip(before, after))
    return Sample(front_us, worker_us, done.per_second, done.errors)


def cpu_seconds(pid: int) -> float:
    """Return the CPU time, user and system, that a process and its threads have had."""
    return time.clock_gettime((~pid << 3) | CPU_CLOCK)


def _ensure_right(side: Side) -> None:
    problem = side.asked.problem(side.up.port)
    if problem:
        raise server.ServerError(f"after: {problem}")
