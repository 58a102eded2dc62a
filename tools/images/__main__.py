"""Build and verify images row by row; a row that fails does not stop the others."""

import argparse
import os
import sys

from tools.images import document, report, stages
from tools.images.selection import PICKS, chosen
from tools.offline import engine
from tools.rows import MatrixError, load


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tools.images", description=(__doc__ or "").split("\n", 1)[0]
    )
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    for verb, told in {
        "build": "build candidates, which have no tags yet",
        "verify": "build, compare with the row, measure, test, and only then tag",
        "reproduce": "build twice from nothing, and compare the layers file by file",
    }.items():
        command = verbs.add_parser(verb, help=told, description=told)
        command.add_argument("runtime", nargs="?", help="such as python; all if absent")
        command.add_argument("version", nargs="?", help="such as 3.13; all if absent")
        command.add_argument("--rows", default="", metavar="WHICH", help=f"{', '.join(PICKS)}: a,b")
        command.add_argument(
            "--jobs", type=int, default=os.cpu_count() or 1, help="builds at a time (%(default)s)"
        )
        command.add_argument(
            "--write", action="store_true", help=f"renew these rows in {document.DOCUMENT}"
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
    outcomes = stages.build(rows, matrix.root, options.jobs)
    if options.verb == "verify":
        outcomes = stages.verify(outcomes, matrix.root)
    if options.verb == "reproduce":
        outcomes = stages.reproduce(outcomes, matrix.root)
    if options.write:
        document.write(matrix, outcomes)
    print(f"\n{report.table(outcomes)}", end="")
    return 0 if all(outcome.is_good for outcome in outcomes) else 1


if __name__ == "__main__":
    sys.exit(main())
