"""Builds and tests images row by row; a row that fails does not stop the others."""

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from tools import bases, docker, downloads, engine, locks
from tools.images import building, measuring, report, testing
from tools.images.report import Outcome
from tools.images.selection import chosen
from tools.matrix import Matrix, MatrixError, Row, load

FAILURES = (
    bases.BaseError,
    docker.DockerError,
    downloads.DownloadError,
    locks.LockError,
    measuring.MeasuringError,
)


def build_all(matrix: Matrix, rows: Sequence[Row]) -> list[Outcome]:
    """Build and measure each row."""
    return [_build(matrix, row) for row in rows]


def _build(matrix: Matrix, row: Row) -> Outcome:
    outcome = Outcome(row, "built")
    try:
        _say(row, f"base {row.base}: {bases.ensure(row.base)}")
        seconds = building.build(row, matrix.root, lambda step: _say(row, step))
        outcome = outcome._replace(build_seconds=seconds, size_bytes=measuring.size_bytes(row))
        served = measuring.service(row, matrix.root)
    except FAILURES as error:
        _say(row, f"failed:\n{error}")
        return outcome._replace(result=f"failed: {_first_line(error)}", is_good=False)
    outcome = outcome._replace(**served._asdict())
    _, size, built, started, memory, _ = outcome.cells
    _say(row, f"built in {built}, {size}, serves after {started}, takes {memory}")
    return outcome


def _first_line(error: Exception) -> str:
    """Return what a table has room for; builders say what went wrong last."""
    lines = str(error).strip().splitlines()
    return lines[-1 if isinstance(error, docker.DockerError) else 0][:80]


def test_all(matrix: Matrix, outcomes: Sequence[Outcome]) -> list[Outcome]:
    """Test what was built."""
    built = [outcome.row for outcome in outcomes if outcome.is_good]
    results = testing.run(built, matrix.root) if built else {}
    return [
        outcome._replace(
            result=results.get(outcome.row.name, "no test ran"),
            is_good="passed" in results.get(outcome.row.name, ""),
        )
        if outcome.is_good
        else outcome
        for outcome in outcomes
    ]


def _say(row: Row, text: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} [{row.name}] {text}", flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tools.images", description=(__doc__ or "").split("\n", 1)[0]
    )
    parser.add_argument("command", choices=("build", "test"), help="test builds first")
    parser.add_argument("runtime", nargs="?", help="such as python; all if absent")
    parser.add_argument("version", nargs="?", help="such as 3.13; all if absent")
    parser.add_argument("--rows", default="", metavar="WHICH", help="oldest, newest, proof: a,b")
    parser.add_argument(
        "--write", type=Path, metavar="FILE", help="renew these rows in the table of a document"
    )
    return parser


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    options = _parser().parse_args(arguments)
    try:
        matrix = load()
        rows = chosen(matrix, options.runtime, options.version, options.rows)
        engine.ensure()
    except (engine.EngineError, MatrixError) as error:
        print(error, file=sys.stderr)
        return 1
    outcomes = build_all(matrix, rows)
    if options.command == "test":
        outcomes = test_all(matrix, outcomes)
    if options.write:
        report.write(options.write, outcomes, matrix)
    print(f"\n{report.table(outcomes)}", end="")
    return 0 if all(outcome.is_good for outcome in outcomes) else 1


if __name__ == "__main__":
    sys.exit(main())
