"""The matrix's command line: what Make and CI ask of it."""

import argparse
import datetime
import json
import sys
from pathlib import Path

from tools.matrix import Matrix, MatrixError, Status, load
from tools.matrix.checks import problems
from tools.matrix.plan import plan, touched
from tools.matrix.reader import MATRIX
from tools.matrix.table import is_current, write

BUILT: list[Status] = [status for status in Status if status.is_built]


def check(matrix: Matrix) -> int:
    """Print what is wrong around the matrix; the exit code says whether anything is."""
    found = problems(matrix, datetime.datetime.now(datetime.timezone.utc).date())
    for problem in found:
        print(problem, file=sys.stderr)
    if not found:
        print(f"build_matrix.yaml: {len(matrix.rows)} rows, {len(matrix.built)} of them built")
    return 1 if found else 0


def show_plan(matrix: Matrix, since: str | None, statuses: list[Status]) -> int:
    """Print the rows to build as one line of JSON, which CI takes for a job matrix."""
    rows = touched(matrix, since) if since else matrix.built
    print(json.dumps(plan(tuple(row for row in rows if row.status in statuses))))
    return 0


def renew_table(document: Path, only_check: bool) -> int:
    """Write the table into the document, or say whether it is up to date."""
    matrix = load(MATRIX, environment={})  # a fork's own registry is not for the document
    if not only_check:
        write(document, matrix)
        return 0
    if is_current(document, matrix):
        return 0
    raise MatrixError(f"{document.name}: the table is out of date; run `make matrix-table`")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tools.matrix", description="Reads build_matrix.yaml, the list of images."
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    commands.add_parser("check", help="compare the rows with the folders, locks and calendar")
    planning = commands.add_parser("plan", help="print the rows to build, as JSON for CI")
    planning.add_argument("--since", metavar="REV", help="only what changed since that revision")
    planning.add_argument(
        "--status", type=Status, choices=BUILT, action="append", help="only those (repeatable)"
    )
    table = commands.add_parser("table", help="write the table of images into the README")
    table.add_argument("--check", action="store_true", help="write nothing, fail if it differs")
    table.add_argument("--document", type=Path, default=MATRIX.with_name("README.md"))
    return parser


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    options = _parser().parse_args(arguments)
    try:
        if options.command == "check":
            return check(load())
        if options.command == "plan":
            return show_plan(load(), options.since, options.status or BUILT)
        return renew_table(options.document, options.check)
    except MatrixError as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
