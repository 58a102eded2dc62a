"""Write each runtime's Dockerfile: what all images share, around the framework's own layers.

A Dockerfile cannot include another one, and `docker build` takes one file.
So what all share is written once, in `Dockerfile.template`, and each runtime has its own layers in
`Dockerfile.framework`; the Dockerfiles are made of both, and compared in `make lint`.
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

from tools import command_line
from tools.rows import Matrix, MatrixError, Row, load

TEMPLATE = Path(__file__).with_name("Dockerfile.template")
OWN = "Dockerfile.framework"
"""Beside the Dockerfile: a framework's own layers and its line of description."""


def render(row: Row, own: str) -> str:
    """Return the Dockerfile of a runtime.

    Args:
        row: the one whose base, version and lock are the defaults of the build arguments.
        own: the framework's own layers.
    """
    values = {
        "runtime": row.runtime,
        "version": row.version,
        "base": row.base,
        "lock": row.lock.as_posix(),
        "image": row.image,
        "framework": own,
    }
    template = TEMPLATE.read_text(encoding="utf-8")
    return re.sub(r"@(\w+)@", lambda found: values[found[1]], template)


def default_row(matrix: Matrix, runtime: str) -> Row:
    """Return the row that `docker build` makes without arguments: the one tagged `latest`.

    A runtime without such a row has its last one that can be built.
    """
    rows = [row for row in matrix.rows_of(runtime) if row.can_be_built]
    if not rows:
        raise MatrixError(f"{runtime}: no row can be built, so there is no Dockerfile to write")
    return sorted(rows, key=lambda row: (row.is_newest, row.is_built))[-1]


def dockerfiles(matrix: Matrix) -> Iterator[tuple[Path, str]]:
    """Yield each runtime's Dockerfile, and what it should be."""
    for runtime in matrix.runtimes:
        row = default_row(matrix, runtime)
        own = matrix.root / row.folder / OWN
        if not own.is_file():
            raise MatrixError(f"{runtime}: there is no {row.folder / OWN}, the framework's layers")
        yield matrix.root / row.dockerfile, render(row, own.read_text(encoding="utf-8"))


def stale(matrix: Matrix) -> list[Path]:
    """Return the Dockerfiles that are not what they should be."""
    made = dockerfiles(matrix)
    return [path for path, text in made if not path.is_file() or path.read_text() != text]


@command_line.program
def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    parser = command_line.parser("tools.images.dockerfiles", __doc__)
    parser.add_argument("--check", action="store_true", help="compare; exit code 1 if one differs")
    is_check = parser.parse_args(arguments).check
    # Without the caller's registry and owner, which are for images and not for the repository.
    matrix = load(environment={})
    if not is_check:
        for path, text in dockerfiles(matrix):
            path.write_text(text, encoding="utf-8")
    found = stale(matrix)
    for path in found:
        name = path.relative_to(matrix.root)
        print(f"{name} is not what {OWN} and the template say: run `make dockerfiles`")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
