"""Measure this tree beside another checkout: what a call costs now, and what it cost before."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from experiments.benchmarks import baseline, load, paired_tables, pairs, results, setup
from experiments.benchmarks.cases import BY_NAME as CASES
from experiments.benchmarks.load import shape_of
from experiments.benchmarks.pairs import Plan
from experiments.benchmarks.peers import Peer
from experiments.benchmarks.peers.serving_runtime import OURS

# Cases and the loads of each.
MEASURED = (("iris", "1 8 64"), ("1mib-raw", "8"))
PAIRS, SECONDS = 20, 1.5
FILE = "comparison.json"

Settings = Mapping[str, str]


class Options(NamedTuple):
    """How two trees are compared.

    Args:
        base: the other one: a commit, or a folder.
        pairs: how many of each case and load.
        seconds: of each measurement.
        settings: of this tree's service, where they are not the defaults.
        base_settings: of the other's.
    """

    base: str
    pairs: int
    seconds: float
    settings: Settings
    base_settings: Settings


def run(options: Options, path: Path) -> int:
    """Compare the trees and write the figures; returns how many results have a problem.

    Raises:
        BaselineError: there is no such commit or folder.
        SetUpError: the environment is missing and cannot be made.
    """
    ensure_ready()
    sides = baseline.copied(str(setup.ROOT), "this"), baseline.copied(options.base, "base")
    for sources in sides:
        baseline.ensure_used(sources)
    told = results.origin([OURS], [CASES[name] for name, _ in MEASURED])
    told.update(commits=[sources.commit for sources in sides], seconds=options.seconds,
                settings=[options.settings, options.base_settings])  # fmt: skip
    services = [baseline.service(*it) for it in zip(sides, told["settings"])]
    return results.as_they_come(told, _shown(_compared(services, options)), path)


def ensure_ready() -> None:
    """Have the load generators, the environment and its models.

    Raises:
        SetUpError: they cannot be made.
        NotDebianError: the generators cannot be installed.
    """
    load.install()
    if not setup.is_ready(OURS.environment):
        setup.make(OURS.environment)


def _compared(services: Sequence[Peer], options: Options) -> Iterator[dict[str, Any]]:
    for name, shapes in MEASURED:
        loads = [shape_of(text) for text in shapes.split()]
        yield from pairs.run(Plan(CASES[name], loads, options.pairs, options.seconds), services, {})


def _shown(compared: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for result in compared:
        print(paired_tables.comparison_line(result), flush=True)
        yield result
