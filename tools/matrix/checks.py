"""Compare the matrix with the checkout and the calendar, before an image is built of a mistake."""

import datetime
from collections.abc import Iterator

from tools import locks
from tools.matrix.plan import differing, git
from tools.rows.interpreters import end_of_life
from tools.rows.reader import RELEASE_FILE, release_of
from tools.rows.rows import Matrix, MatrixError, Row, Status
from tools.security import accepted

NAMED_AT_MOST = 4


def problems(matrix: Matrix, today: datetime.date) -> list[str]:
    """Return a line for each thing that is wrong around the matrix: where, what, and the remedy."""
    return [
        *_folders_without_rows(matrix),
        *_rows_without_folders(matrix),
        *(problem for row in matrix.rows for problem in _overdue(row, today)),
        *(problem for row in matrix.built for problem in _lock_problems(matrix, row)),
        *_locks_without_rows(matrix),
        *_changed_since_release(matrix),
        *accepted.problems(matrix),
    ]


def _folders_without_rows(matrix: Matrix) -> Iterator[str]:
    for folder in sorted((matrix.root / "runtimes").glob("*/")):
        described = (folder / "setup.cfg").exists() or (folder / "Dockerfile").exists()
        if described and folder.name not in matrix.runtimes:
            yield f"runtimes/{folder.name}: no row; add `{folder.name}:` to build_matrix.yaml"


def _rows_without_folders(matrix: Matrix) -> Iterator[str]:
    for runtime in dict.fromkeys(row.runtime for row in matrix.built):
        for name in ("Dockerfile", "setup.cfg"):
            if not (matrix.root / "runtimes" / runtime / name).exists():
                yield f"{runtime}: there is no runtimes/{runtime}/{name}; add it or remove the rows"


def _overdue(row: Row, today: datetime.date) -> Iterator[str]:
    try:
        last_day = end_of_life(row)
    except MatrixError as error:
        yield str(error)
        return
    if row.status is Status.SUPPORTED and today > last_day:
        yield (
            f"{row.name}: status is supported, but Python {row.python} ended on {last_day};"
            " expected legacy, with a reason"
        )


def _lock_problems(matrix: Matrix, row: Row) -> Iterator[str]:
    renew = f"run `make {locks.verb(row)}`"
    if not (matrix.root / row.lock).exists():
        yield f"{row.name}: there is no {row.lock}; {renew}"
    elif (matrix.root / row.folder / "setup.cfg").exists() and locks.is_stale(matrix.root, row):
        yield f"{row.name}: {row.lock} was made from other requirements than today's; {renew}"
    else:
        try:
            locks.read(matrix.root / row.lock)
        except locks.LockError as error:
            yield f"{row.name}: {error}; {renew}"


def _locks_without_rows(matrix: Matrix) -> Iterator[str]:
    wanted = {row.lock for row in matrix.rows if row.can_be_built}
    for path in sorted(matrix.root.glob("runtimes/*/locks/*.txt")):
        lock = path.relative_to(matrix.root)
        if lock not in wanted:
            yield f"{lock}: no row is built from it; remove it or add the row"


def _changed_since_release(matrix: Matrix) -> Iterator[str]:
    """Refuse to make other images under the tags of a release that is out."""
    release = release_of(matrix.root)
    tag = f"v{release}"
    revision = f"refs/tags/{tag}"
    try:
        git(matrix.root, "rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}")
    except MatrixError:  # clones may be shallow and without tags, and archives without git
        return
    names = [row.name for row in differing(matrix, revision)]
    if names:
        others = len(names) - NAMED_AT_MOST
        those = ", ".join(names[:NAMED_AT_MOST]) + (f" and {others} others" if others > 0 else "")
        yield (
            f"release {release} is published (tag {tag}) and what is in {those} has changed since:"
            f" raise __version__ in {RELEASE_FILE}"
        )
