"""Read build_matrix.yaml, the list of images, for Make and CI."""

import argparse
import datetime
import json
import sys
from pathlib import Path

from tools import command_line
from tools.images import bake, document, selection
from tools.matrix.checks import problems
from tools.matrix.index import missing_wheels
from tools.matrix.plan import plan, touched
from tools.rows import Matrix, MatrixError, Status, load
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
    """Print the builds of rows for `docker buildx bake`, or write them into a file."""
    if options.version:
        rows = selection.chosen(matrix, options.runtime, options.version, "")
    else:
        named = matrix.rows_of(options.runtime) if options.runtime else matrix.rows
        rows = [row for row in named if row.status in (options.status or BUILDABLE)]
    if not rows:
        raise MatrixError("no row of that runtime and status can be built; see build_matrix.yaml")
    text = json.dumps(bake.document(rows, matrix.root, options.cache), indent=2) + "\n"
    output: Path | None = options.output
    if output is None:
        print(text, end="")
    else:
        output.write_text(text, encoding="utf-8")
        print(f"{output}: {len(rows)} targets; `docker buildx bake --file {output}` builds them")
    return 0


def renew_table(matrix: Matrix, options: argparse.Namespace) -> int:
    """Write the document of images, or fail if it is not up to date."""
    if options.check:
        document.check(matrix)
    else:
        document.write(matrix)
    return 0


def list_vulnerabilities(matrix: Matrix, options: argparse.Namespace) -> int:
    """Print what is known of the packages of rows, and what is accepted."""
    rows = selection.chosen(matrix, options.runtime, options.version, "")
    print("\n".join(accepted.listing(matrix, rows)))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = command_line.parser("tools.matrix", __doc__)
    commands = parser.add_subparsers(metavar="COMMAND", required=True)

    checking = commands.add_parser("check", help="compare the rows with folders, locks, calendar")
    checking.add_argument(
        "--online", action="store_true", help="ask the package index for each row's wheels too"
    )
    checking.set_defaults(run=check)

    planning = commands.add_parser("plan", help="print the rows to build, as JSON for CI")
    planning.add_argument("--since", metavar="REV", help="only what changed since that revision")
    _add_status(planning, BUILT)
    planning.set_defaults(run=show_plan)

    baking = commands.add_parser("bake", help="print a docker-bake.json for `docker buildx bake`")
    selection.add_arguments(baking, picks=False)
    _add_status(baking, BUILDABLE)
    baking.add_argument("--output", type=Path, metavar="FILE", help="write it there")
    baking.add_argument(
        "--cache", default="", metavar="PREFIX", help="keep layers below HOST/ACCOUNT, row by row"
    )
    baking.set_defaults(run=write_bake)

    table = commands.add_parser("table", help=f"write {document.DOCUMENT}")
    table.add_argument("--check", action="store_true", help="write nothing, fail if it differs")
    table.set_defaults(run=renew_table)

    listing = commands.add_parser("vulnerabilities", help="list known vulnerabilities of images")
    selection.add_arguments(listing, picks=False)
    listing.set_defaults(run=list_vulnerabilities)
    return parser


def _add_status(command: argparse.ArgumentParser, choices: list[Status]) -> None:
    description = f"only those: {', '.join(choices)} (repeatable)"
    command.add_argument(
        "--status",
        type=Status,
        choices=choices,
        action="append",
        metavar="STATUS",
        help=description,
    )


@command_line.program
def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    options = _parser().parse_args(arguments)
    code: int = options.run(load(), options)
    return code


if __name__ == "__main__":
    sys.exit(main())
