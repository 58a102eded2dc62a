"""Tries a million inference requests in JSON that are almost right on a worker's code."""

import argparse
from collections import Counter
from collections.abc import Callable

from experiments.reliability.experiment import Experiment, Findings, Goal
from tests.fuzz import rest

FIRST_WRONG = 20
PROGRESS_CASES = 100_000


def describe(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("--cases", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=3)


def run(arguments: argparse.Namespace, progress: Callable[[str], None]) -> Findings:
    """Answer all cases, and a proper request before and after them."""
    kinds: Counter[str] = Counter()
    wrong: list[str] = []
    for judged in rest.run(arguments.cases, arguments.seed):
        kinds.update(judged.kinds)
        wrong += judged.wrong
        if kinds.total() % PROGRESS_CASES < len(judged.kinds):
            progress(f"{kinds.total():,} cases, {len(wrong)} wrong")
    cases = kinds.total()
    goals = [
        Goal("cases answered", cases, at_least=arguments.cases),
        Goal("cases that went wrong, or golden answers that changed", len(wrong), at_most=0),
        Goal("cases answered with a result", kinds["OK"], at_least=arguments.cases // 10),
    ]
    figures = {"statuses": dict(kinds), "wrong": wrong[:FIRST_WRONG], "seed": arguments.seed}
    return Findings({"cases": cases}, goals, figures)


EXPERIMENT = Experiment(
    "fuzz-rest",
    "Whatever JSON comes over HTTP, a worker answers it with the right status and goes on.",
    describe,
    run,
)
