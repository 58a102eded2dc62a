"""Compare the peers: run plans one after another, and show each figure as it comes."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from experiments.benchmarks import load, results, rounds
from experiments.benchmarks.rounds import Plan, Result


def run(plans: Sequence[Plan], path: Path) -> int:
    """Run all plans into one file of results; returns how many of them have a problem."""
    load.install()
    peers = {peer.name: peer for plan in plans for peer in plan.peers}
    cases = {case.name: case for plan in plans for case in plan.cases}
    told = results.origin([*peers.values()], [*cases.values()])
    told["plans"] = [_described(plan) for plan in plans]
    return results.as_they_come(told, _shown(plans), path)


def _described(plan: Plan) -> dict[str, Any]:
    return {
        "cases": [case.name for case in plan.cases],
        "shapes": [shape.name for shape in plan.shapes],
        "seconds": plan.seconds,
        "rounds": plan.rounds,
    }


def _shown(plans: Iterable[Plan]) -> Iterator[dict[str, Any]]:
    for plan in plans:
        for result in rounds.run(plan):
            print(line(result), flush=True)
            yield result._asdict()


def line(result: Result) -> str:
    """Return what is printed of a result."""
    about = f"{result.case:<12} round {result.round}  {result.peer:<20} {result.shape:>5}"
    return f"{about}  {figures(result)}"


def figures(result: Result) -> str:
    """Return a result's figures, or why there are none."""
    if result.problem:
        first, _, rest = result.problem.partition("\n")
        return first + (" (its log is in the results)" if rest else "")
    return (
        f"{result.requests_per_second:9.1f}/s  p50 {result.p50_ms:8.2f} ms"
        f"  p99 {result.p99_ms:8.2f} ms  {result.cpu_seconds_per_thousand:6.2f} CPU s/1000"
        f"  {result.pss_mb:6.0f} MB  start {result.cold_start_seconds:5.2f} s"
        f"  {result.errors} errors"
    )
