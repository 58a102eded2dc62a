"""Measure our service's other protocols beside its Predict: what the same call costs over each."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from experiments.benchmarks import baseline, paired_tables, pairs, results, setup, side_by_side
from experiments.benchmarks.cases import BY_NAME as CASES
from experiments.benchmarks.load import shape_of
from experiments.benchmarks.pairs import Plan
from experiments.benchmarks.peers import Peer
from experiments.benchmarks.peers.serving_runtime import OPEN_INFERENCE, OURS

OTHERS = (OPEN_INFERENCE,)
# Cases and the loads of each.
MEASURED = (("iris", "8 64"), ("1mib-raw", "8"))
FILE = "protocols.json"


def run(count: int, seconds: float, path: Path) -> int:
    """Compare the protocols and write the figures; returns how many results have a problem.

    Args:
        count: pairs of each protocol, case and load.
        seconds: of each measurement.
        path: of the JSON.

    Raises:
        SetUpError: the environment is missing and cannot be made.
        BaselineError: this tree's sources would not be used.
    """
    side_by_side.ensure_ready()
    sources = baseline.copied(str(setup.ROOT), "this")
    baseline.ensure_used(sources)
    told = results.origin([*OTHERS, OURS], [CASES[name] for name, _ in MEASURED])
    told.update(commit=sources.commit, seconds=seconds)
    service = baseline.service(sources, {})
    return results.as_they_come(told, _shown(_compared(service, count, seconds)), path)


def _compared(service: Peer, count: int, seconds: float) -> Iterator[dict[str, Any]]:
    for other in OTHERS:
        services = [other._replace(start=service.start), service]
        for name, shapes in MEASURED:
            loads = [shape_of(text) for text in shapes.split()]
            plan = Plan(CASES[name], loads, count, seconds)
            yield from pairs.run(plan, services, {"peer": other.name})


def _shown(compared: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for result in compared:
        print(paired_tables.protocols_line(result), flush=True)
        yield result
