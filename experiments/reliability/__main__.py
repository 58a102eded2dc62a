"""Runs the reliability experiments at their published size, and writes what came of them."""

import argparse
import datetime
import json
import math
import shlex
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from experiments.benchmarks import machine, results
from experiments.reliability import document
from experiments.reliability.experiment import Experiment, Findings, Goal
from experiments.reliability.registry import EXPERIMENTS

FAILED = 1
RESULTS = Path("docs/reliability")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; returns 1 if a goal was missed."""
    arguments = _parser().parse_args(argv)
    return int(arguments.act(arguments))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m experiments.reliability", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    for experiment in EXPERIMENTS:
        _add(verbs.add_parser(experiment.name, help=experiment.promise), experiment)
    everything = verbs.add_parser("all", help="run all experiments, as large as published")
    everything.set_defaults(act=_all)
    _add_output(everything)
    report = verbs.add_parser("report", help="write docs/reliability.md from the results")
    report.set_defaults(act=_report)
    _add_output(report)
    return parser


def _add(verb: argparse.ArgumentParser, experiment: Experiment) -> None:
    verb.description = experiment.promise
    experiment.describe(verb)
    _add_output(verb)
    verb.set_defaults(act=lambda arguments: _try(experiment, arguments))


def _add_output(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--output", type=Path, default=RESULTS, metavar="FOLDER",
                      help=f"where results are kept as JSON (default {RESULTS})")  # fmt: skip


def _try(experiment: Experiment, arguments: argparse.Namespace) -> int:
    began = time.monotonic()
    findings = experiment.run(arguments, _progress)
    told = _told(experiment, findings, time.monotonic() - began)
    arguments.output.mkdir(parents=True, exist_ok=True)
    results.write(told, arguments.output / f"{experiment.name}.json")
    print(json.dumps(findings.counts))
    for goal in findings.goals:
        print(f"{'met   ' if goal.is_met else 'MISSED'} {document.in_words(goal)}")
    return FAILED if findings.missed else 0


def _all(arguments: argparse.Namespace) -> int:
    """Run all, also after one that missed a goal."""
    where = ["--output", str(arguments.output)]
    return max([main([experiment.name, *where]) for experiment in EXPERIMENTS])


def _told(experiment: Experiment, findings: Findings, seconds: float) -> dict[str, Any]:
    return {
        "experiment": experiment.name,
        "command": f"python -m experiments.reliability {shlex.join(sys.argv[1:])}",
        "date": datetime.datetime.now(datetime.timezone.utc).date().isoformat(),
        "seconds": round(seconds),
        "machine": machine.describe(),
        "counts": findings.counts,
        "goals": [_goal(goal) for goal in findings.goals],
        "figures": findings.figures,
    }


def _goal(goal: Goal) -> dict[str, Any]:
    is_number = goal.measured is not None and math.isfinite(goal.measured)
    measured = goal.measured if is_number else None  # as JSON has it
    return {**goal._asdict(), "measured": measured, "is_met": goal.is_met}


def _report(arguments: argparse.Namespace) -> int:
    print(f"written: {document.write(arguments.output)}")
    return 0


def _progress(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
