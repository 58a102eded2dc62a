"""The command that makes locks: `make lock/<runtime>/<version>` runs it."""

import argparse
import sys

from tools.locks import LockError
from tools.locks.downloads import DownloadError
from tools.locks.resolver import make
from tools.rows import MatrixError, Status, load


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tools.locks", description="Makes the hashed pins of images."
    )
    parser.add_argument("rows", nargs="*", metavar="RUNTIME/VERSION", help="such as python/3.6")
    parser.add_argument("--supported", action="store_true", help="all rows that are supported")
    return parser


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if bool(options.rows) == options.supported:
        parser.error("name rows, such as python/3.6, or give --supported")
    try:
        matrix = load()
        supported = [row for row in matrix.rows if row.status is Status.SUPPORTED]
        rows = supported if options.supported else [matrix.row(*_split(it)) for it in options.rows]
        for row in rows:
            make(matrix, row)
    except (DownloadError, LockError, MatrixError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _split(name: str) -> tuple[str, str]:
    runtime, _, version = name.partition("/")
    return runtime, version


if __name__ == "__main__":
    sys.exit(main())
