"""Measure all that the performance document shows: what to run, and for how long."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from experiments.benchmarks import (
    batch,
    cli_arguments,
    codec,
    comparison,
    memory,
    profiles,
    results,
    scaling,
    startup,
)
from experiments.benchmarks.cases import BY_NAME as CASES
from experiments.benchmarks.curves import CURVES
from experiments.benchmarks.load import Shape, shape_of
from experiments.benchmarks.peers.registry import BY_NAME as PEERS
from experiments.benchmarks.peers.serving_runtime import OURS
from experiments.benchmarks.rounds import Plan

ALL = tuple(PEERS)
# The echoes of one thread say nothing that the others do not.
SMALL = tuple(name for name in ALL if name not in ("limit-cpp-1", "limit-asyncio", "limit-worker"))
ECHOES = ("serving-runtime", "limit-cpp", "limit-queue")
LARGE = ("serving-runtime", "serving-runtime-v2", "seeds", "mlserver", "kserve", "triton",
         "torchserve", "limit-cpp-callback")  # fmt: skip
# What others make of 16 MiB of typed values takes them minutes.
LARGEST = ("serving-runtime", "mlserver", "kserve", "limit-cpp-callback")
FRAMEWORKS = ("serving-runtime", "mlserver", "kserve", "triton", "torchserve", "litserve")
# Peers, cases, shapes and rounds: targets need the medians of small ones most.
PLANS = (
    (SMALL, ("iris",), "1 8 64 64/1", 2),
    (ECHOES, ("noop",), "1 8 64 64/1", 2),
    (LARGE, ("1mib-raw", "1mib-typed", "1mib-echo", "16mib-raw"), "1 8", 1),
    (LARGEST, ("16mib-typed",), "1 8", 1),
    (FRAMEWORKS, ("tensorflow", "pytorch"), "8 64", 1),
)
# What may be asked of two processes of Python is said of a run of its own.
CEILING = (
    (("serving-runtime", "limit-worker", "limit-cpp"), ("iris",), "64 64/1", 2),
    (("serving-runtime", "limit-worker", "limit-queue"), ("noop",), "1 8 64 64/1", 2),
)
SECONDS, GROWTH_SECONDS, PROFILE_SECONDS = 2.0, 1.0, 5.0
PROFILED = ("iris", "1mib-raw")
PROFILE_SHAPE = Shape(64, 64)
STARTS, WORKERS = 2, (1, 2)


def run(folder: Path, seconds: float, requests: int, once: bool) -> int:
    """Measure everything into a folder; returns how many results have a problem.

    Args:
        folder: where the JSON goes.
        seconds: of each measurement of the comparison.
        requests: how many the memory is watched over.
        once: whether to run one round of each plan only.
    """
    cases = [CASES[name] for name in PROFILED]
    steps: tuple[Callable[[], int], ...] = (
        lambda: comparison.run(list(_plans(PLANS, seconds, once)), folder / "results.json"),
        lambda: comparison.run(list(_plans(CEILING, seconds, once)), folder / "ceiling.json"),
        lambda: scaling.run(CURVES, min(seconds, GROWTH_SECONDS), folder / "growth.json"),
        lambda: memory.run(requests, "iris", folder / "memory.json"),
        lambda: codec.run(folder / "codec.json"),
        lambda: batch.run(batch.ROWS, 1 if once else batch.ROUNDS, folder / batch.FILE),
        lambda: _start_up(folder / "startup.json"),
        lambda: profiles.run(cases, PROFILE_SHAPE, min(3 * seconds, PROFILE_SECONDS), folder),
    )
    return sum(step() for step in steps)


def _plans(plans, seconds: float, once: bool) -> Iterator[Plan]:
    for names, case_names, shapes, rounds in plans:
        cases = [CASES[name] for name in case_names]
        peers = cli_arguments.possible([PEERS[name] for name in names], cases)
        loads = [shape_of(part) for part in shapes.split()]
        yield Plan(peers, cases, loads, seconds, 1 if once else rounds)


def _start_up(path: Path) -> int:
    """Start our service with each framework that is set up."""
    cases = {framework: CASES[name] for framework, name in startup.FRAMEWORKS.items()}
    ours = cli_arguments.possible([OURS], list(cases.values()))[0]
    able = {framework: case for framework, case in cases.items() if case.name in ours.cases}
    told = results.origin([ours], list(able.values()))
    return results.as_they_come(told, _starts(able), path)


def _starts(cases) -> Iterator[dict[str, Any]]:
    for framework, case in cases.items():
        for workers in WORKERS:
            starts = (startup.start(case, workers) for _ in range(STARTS))
            best = startup.StartUp(*map(min, zip(*starts)))
            print(startup.line(framework, workers, best), flush=True)
            yield {"framework": framework, "workers": workers, **best._asdict(), "problem": ""}
