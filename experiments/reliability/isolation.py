"""Runs the conformance suite against images in containers that may do nothing but serve."""

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from experiments.reliability.experiment import Experiment, Findings, Goal
from tools.images import testing

TESTS = ("tests/images/test_isolation.py", "tests/images/test_conformance.py")
ROOT = Path(__file__).resolve().parents[2]
ROWS = "python/3.13,sklearn/1.9.1"


def _describe(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--rows", default=ROWS,
                        help=f"images that are built, by row ({ROWS})")  # fmt: skip


def _run(arguments: argparse.Namespace, progress: Callable[[str], None]) -> Findings:
    progress(f"{' '.join(TESTS)} for {arguments.rows}")
    return findings(_counted(arguments.rows))


def _counted(rows: str) -> dict[str, dict[str, int]]:
    """Run the tests; returns by row how many passed, and how many failed."""
    with tempfile.TemporaryDirectory() as folder:
        results = Path(folder, "results.json")
        subprocess.run(
            [sys.executable, "-m", "pytest", "-q", *TESTS],
            cwd=ROOT,
            env={**os.environ, "IMAGE_ROWS": rows, "IMAGE_RESULTS": str(results)},
            stdout=sys.stderr,
            check=False,  # its exit code says no more than the counts do
        )
        told = testing.read(results)
    by_row = {row: told.get(row, testing.Result(0)) for row in rows.split(",")}
    return {
        row: {"passed": result.passed, "failed": len(result.failures)}
        for row, result in by_row.items()
    }


def findings(counted: dict[str, dict[str, int]]) -> Findings:
    """Judge the counts: each row has tests, and all of them pass."""
    passed, failed = (sum(row[name] for row in counted.values()) for name in ("passed", "failed"))
    least = min(row["passed"] for row in counted.values())
    goals = [
        Goal("tests that failed", failed, at_most=0),
        Goal("tests that passed, in the image with the fewest", least, at_least=1),
    ]
    counts = {"tests": passed + failed, "images": len(counted)}
    return Findings(counts, goals, {"images": counted})


EXPERIMENT = Experiment(
    "isolation",
    "An image that may do nothing but serve still passes the whole conformance suite.",
    _describe,
    _run,
)
