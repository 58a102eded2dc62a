"""Compares the matrix with the checkout and the calendar, before an image is built of a mistake."""

import datetime
from collections.abc import Iterator

from tools import locks
from tools.matrix.interpreters import end_of_life
from tools.matrix.rows import Matrix, MatrixError, Row, Status


def problems(matrix: Matrix, today: datetime.date) -> list[str]:
    """Say everything that is wrong around the matrix.

    Args:
        matrix: rows that are well formed in themselves.
        today: decides which interpreters are past their end of life.

    Returns:
        One line a problem, with the row, what was found and what would mend it.
    """
    return [
        *_folders_without_rows(matrix),
        *_rows_without_folders(matrix),
        *(problem for row in matrix.rows for problem in _overdue(row, today)),
        *(problem for row in matrix.built for problem in _lock_problems(matrix, row)),
        *_locks_without_rows(matrix),
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
        yield from _unread(matrix, row)


def _unread(matrix: Matrix, row: Row) -> Iterator[str]:
    try:
        locks.read(matrix.root / row.lock)
    except locks.LockError as error:
        yield f"{row.name}: {error}; run `make {locks.verb(row)}`"


def _locks_without_rows(matrix: Matrix) -> Iterator[str]:
    wanted = {row.lock for row in matrix.rows if row.can_be_built}
    for path in sorted(matrix.root.glob("runtimes/*/locks/*.txt")):
        lock = path.relative_to(matrix.root)
        if lock not in wanted:
            yield f"{lock}: no row is built from it; remove it or add the row"
