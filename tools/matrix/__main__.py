"""The matrix's command line: what Make and CI ask of it."""

import argparse
import datetime
import json
import sys
from pathlib import Path

from tools.images import bake, document
from tools.images.selection import chosen
from tools.matrix.checks import problems
from tools.matrix.index import missing_wheels
from tools.matrix.plan import plan, touched
from tools.rows import Matrix, MatrixError, Row, Status, load
from tools.security import accepted

BUILT: list[Status] = [status for status in Status if status.is_built]
BUILDABLE: list[Status] = [status for status in Status if status is not Status.EOL]


def check(matrix: Matrix, options: argparse.Namespace) -> int:
    """Print what is wrong around the matrix; the exit code says whether anything is."""
    found = problems(matrix, datetime.datetime.now(datetime.timezone.utc).date())
    if options.online:
        found += missing_wheels(matrix, lambda line: print(line, flush=True))
    for problem in found:
        print(problem, file=sys.stderr)
    if not found:
        print(f"build_matrix.yaml: {len(matrix.rows)} rows, {len(matrix.built)} of them built")
    return 1 if found else 0


def show_plan(matrix: Matrix, options: argparse.Namespace) -> int:
    """Print the rows to build as one line of JSON, which CI takes for a job matrix."""
    rows = touched(matrix, options.since) if options.since else matrix.built
    statuses = options.status or BUILT
    print(json.dumps(plan(tuple(row for row in rows if row.status in statuses))))
    return 0


def write_bake(matrix: Matrix, options: argparse.Namespace) -> int:
    """Print the builds of rows for `docker buildx bake`, or write them into a file.

    Raises:
        MatrixError: there are no such rows.
    """
    rows = _buildable(matrix, options.runtime, options.version, options.status or BUILDABLE)
    if not rows:
        raise MatrixError("no row of that runtime and status can be built; see build_matrix.yaml")
    named = bake.Options(options.cache, options.candidates)
    text = json.dumps(bake.document(rows, matrix.root, named), indent=2) + "\n"
    output: Path | None = options.output
    if output is None:
        print(text, end="")
    else:
        output.write_text(text, encoding="utf-8")
        print(f"{output}: {len(rows)} targets; `docker buildx bake --file {output}` builds them")
    return 0


def _buildable(
    matrix: Matrix, runtime: str | None, version: str | None, statuses: list[Status]
) -> list[Row]:
    """Choose rows that anybody can build."""
    if version:
        return chosen(matrix, runtime, version, "")
    rows = matrix.rows_of(runtime) if runtime else matrix.rows
    return [row for row in rows if row.status in statuses]


def renew_table(matrix: Matrix, options: argparse.Namespace) -> int:
    """Write the document of images, or say whether it is up to date."""
    if options.check:
        document.check(matrix)
    else:
        document.write(matrix)
    return 0


def list_vulnerabilities(matrix: Matrix, options: argparse.Namespace) -> int:
    """Print what is known of the packages of rows, and what is accepted."""
    rows = chosen(matrix, options.runtime, options.version, "")
    print("\n".join(accepted.listing(matrix, rows)))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tools.matrix", description="Reads build_matrix.yaml, the list of images."
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    checking = commands.add_parser("check", help="compare the rows with folders, locks, calendar")
    checking.add_argument(
        "--online", action="store_true", help="ask the package index for each row's wheels too"
    )
    checking.set_defaults(run=check)
    planning = commands.add_parser("plan", help="print the rows to build, as JSON for CI")
    planning.add_argument("--since", metavar="REV", help="only what changed since that revision")
    _add_status(planning, BUILT)
    planning.set_defaults(run=show_plan)
    _add_bake(commands.add_parser("bake", help="print a docker-bake.json for `docker buildx bake`"))
    table = commands.add_parser("table", help=f"write {document.DOCUMENT}")
    table.add_argument("--check", action="store_true", help="write nothing, fail if it differs")
    table.set_defaults(run=renew_table)
    listing = commands.add_parser("vulnerabilities", help="list known vulnerabilities of images")
    _add_row(listing)
    listing.set_defaults(run=list_vulnerabilities)
    return parser


def _add_row(command: argparse.ArgumentParser) -> None:
    command.add_argument("runtime", nargs="?", help="such as python; all if absent")
    command.add_argument("version", nargs="?", help="such as 3.13; all if absent")


def _add_bake(baking: argparse.ArgumentParser) -> None:
    _add_row(baking)
    _add_status(baking, BUILDABLE)
    baking.add_argument("--output", type=Path, metavar="FILE", help="write it there")
    baking.add_argument(
        "--cache", default="", metavar="PREFIX", help="keep layers below HOST/ACCOUNT, row by row"
    )
    baking.add_argument(
        "--candidates", action="store_true", help="give images the names that verifying begins with"
    )
    baking.set_defaults(run=write_bake)


def _add_status(command: argparse.ArgumentParser, choices: list[Status]) -> None:
    told = f"only those: {', '.join(choices)} (repeatable)"
    command.add_argument(
        "--status", type=Status, choices=choices, action="append", metavar="STATUS", help=told
    )


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    options = _parser().parse_args(arguments)
    try:
        code: int = options.run(load(), options)
    except MatrixError as error:
        print(error, file=sys.stderr)
        return 1
    return code


if __name__ == "__main__":
    sys.exit(main())
