"""Make the hashed pins of images: `make lock/<runtime>/<version>` runs it."""

import sys

from tools import command_line
from tools.locks.resolver import make
from tools.rows import Status, load


@command_line.program
def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    parser = command_line.parser("tools.locks", __doc__)
    parser.add_argument("rows", nargs="*", metavar="RUNTIME/VERSION", help="such as python/3.6")
    parser.add_argument("--supported", action="store_true", help="all rows that are supported")
    options = parser.parse_args(arguments)
    if bool(options.rows) == options.supported:
        parser.error("name rows, such as python/3.6, or give --supported")
    matrix = load()
    supported = [row for row in matrix.rows if row.status is Status.SUPPORTED]
    named = [matrix.row(*name.partition("/")[::2]) for name in options.rows]
    for row in named or supported:
        make(matrix, row)
    return 0


if __name__ == "__main__":
    sys.exit(main())
