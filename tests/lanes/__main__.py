"""Run a lane of tests: `make test`, `.ci/run` and `make nightly` call this, each with its parts."""

import argparse
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from tests.lanes import budgets, report
from tests.lanes.running import Result, Runner

ROOT = Path(__file__).resolve().parents[2]
LOGS = ROOT / "build" / "lanes"
MAKE = ("make", "--no-print-directory")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; return 1 if a part failed."""
    arguments = _parser().parse_args(argv)
    if arguments.verb == "table":
        print(budgets.table(), end="")
        return 0
    lane = budgets.LANES[arguments.lane]
    for part in arguments.parts:
        lane.budget_of(part)  # a part without a budget is noticed before anything is run
    return _run(lane, arguments.parts, arguments.jobs)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.lanes", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    run = verbs.add_parser("run", help="run the parts of a lane, and say what each took")
    run.add_argument("lane", choices=budgets.LANES)
    run.add_argument("parts", nargs="+", metavar="PART", help="a verb of the Makefile")
    # One more than there are cores, since tests of servers wait for these most of the time; with
    # two more all took longer.
    run.add_argument("--jobs", type=int, default=(os.cpu_count() or 1) + 1,
                     help="parts at a time (default %(default)s)")  # fmt: skip
    verbs.add_parser("table", help="print the budgets as CONTRIBUTING.md has them")
    return parser


def _run(lane: budgets.Lane, parts: Sequence[str], jobs: int) -> int:
    began = time.monotonic()
    runner = Runner(jobs, LOGS, lambda line: print(line, flush=True))
    results = runner.run({part: [*MAKE, part] for part in parts})
    seconds = time.monotonic() - began
    failed = [it for it in results if it.code]
    for it in failed:
        _show_failure(it, runner.log_of(it.part))
    print(f"\n{report.text_of(lane, results, seconds)}")
    print(report.closing_line(results, seconds), flush=True)
    return 1 if failed else 0


def _show_failure(result: Result, log: Path) -> None:
    print(f"\n---- {result.part} failed (all of it: {log.relative_to(ROOT)}) ----")
    print(report.last_lines(log.read_text(encoding="utf-8")))


if __name__ == "__main__":
    sys.exit(main())
