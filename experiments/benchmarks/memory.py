"""Measure whether our service's memory grows over very many requests."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from experiments.benchmarks import load, measure, results, rounds, server
from experiments.benchmarks.cases import BY_NAME as CASES
from experiments.benchmarks.load import Shape
from experiments.benchmarks.peers.serving_runtime import OURS
from experiments.benchmarks.server import Asked, Server

REQUESTS, SLICES = 1_000_000, 20
SHAPE = Shape(64, 1)
# What is allocated once, for the first requests, is no growth.
SETTLED = 0.2


def run(requests: int, case_name: str, path: Path) -> int:
    """Ask so many times, and write the memory after each slice; returns how many have a problem.

    Raises:
        ServerError: our service did not start.
        LoadError: the generator failed.
    """
    load.install()
    case = CASES[case_name]
    asked = Asked(OURS, case, OURS.protocol.encode(case))
    told = results.origin([OURS], [case])
    told["case"] = case_name
    with server.running(asked) as up:
        rounds.warm_up(asked, up)
        return results.as_they_come(told, _slices(asked, up, requests), path)


def _slices(asked: Asked, up: Server, requests: int) -> Iterator[dict[str, Any]]:
    """Yield how much memory there is before all requests, and after each slice of them."""
    size = max(1, requests // SLICES)
    yield _point(up, 0, 0, "")
    for number in range(1, SLICES + 1):
        url = f"http://127.0.0.1:{up.port}{asked.path}"
        done = load.h2load_count(url, asked.request, SHAPE, size, up.reply_bytes)
        yield _point(up, number * size, done.errors, asked.problem(up.port))


def _point(up: Server, requests: int, errors: int, problem: str) -> dict[str, Any]:
    pss_mb, held_mb = measure.use(up.pid).pss_mb, measure.held_mb(up.pid)
    print(
        f"memory  {requests:>9,} requests  PSS {pss_mb:8.2f} MB, of it held {held_mb:8.2f} MB"
        f"  {errors} errors",
        flush=True,
    )
    return {
        "requests": requests,
        "pss_mb": pss_mb,
        "held_mb": held_mb,
        "errors": errors,
        "problem": problem,
    }


def slope(told: Mapping[str, Any]) -> float:
    """Fit a line to the memory held once it has settled; returns bytes per thousand requests."""
    last = told["results"][-1]["requests"]
    settled = [it for it in told["results"] if it["requests"] >= SETTLED * last]
    x = np.array([it["requests"] for it in settled]) / 1000
    y = np.array([it["held_mb"] for it in settled]) * 2**20
    return float(np.polyfit(x, y, 1)[0]) if len(settled) > 1 else 0.0
