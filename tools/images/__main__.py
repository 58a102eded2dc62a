"""Build and verify images row by row; a row that fails does not stop the others."""

import sys

from tools import command_line
from tools.images import document, report, stages
from tools.images.selection import add_arguments, chosen
from tools.offline import engine
from tools.rows import load

VERBS = {
    "build": "build candidates, which have no tags yet",
    "verify": "build, compare with the row, measure, test, and only then tag",
    "reproduce": "build twice from nothing, and compare the layers file by file",
}


@command_line.program
def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    parser = command_line.parser("tools.images", __doc__)
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    for verb, description in VERBS.items():
        command = verbs.add_parser(verb, help=description, description=description)
        add_arguments(command, picks=True)
        command.add_argument(
            "--write", action="store_true", help=f"renew these rows in {document.DOCUMENT}"
        )
    options = parser.parse_args(arguments)
    matrix = load()
    rows = chosen(matrix, options.runtime, options.version, options.rows)
    engine.ensure()
    outcomes = stages.build(rows, matrix.root)
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
