"""Ask package indexes whether the wheels that rows are named for exist, before anybody builds."""

import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator

from tools import locks
from tools.locks import downloads, resolver
from tools.rows.rows import Matrix, Row


def missing_wheels(matrix: Matrix, progress: Callable[[str], None]) -> list[str]:
    """Yield which pinned packages of built rows have no wheel for their interpreter.

    Wheels that a runtime keeps or has downloaded count, and for a local version, `+cpu`, whatever
    this environment's pip is configured with.

    Args:
        matrix: the rows.
        progress: called with each package that was asked for.

    Returns:
        One line a problem.
    """
    return [problem for row in matrix.built for problem in _missing(matrix, row, progress)]


def _missing(matrix: Matrix, row: Row, progress: Callable[[str], None]) -> Iterator[str]:
    for pin in locks.pins_of(row):
        try:
            told = resolver.missing_wheel(matrix.root, row, pin)
        except locks.LockError as error:
            told = str(error)
        if told and locks.is_local(pin) and _is_where_pip_looks(pin, row):
            told = ""
        progress(f"[{row.name}] {pin}: {'missing' if told else 'there is a wheel'}")
        if told:
            yield told if told.startswith(row.name) else f"{row.name}: {told}"


def _is_where_pip_looks(pin: str, row: Row) -> bool:
    """Look with pip on the indexes and in the folders of its configuration, and fetch nothing."""
    platforms = [f"--platform={platform}" for platform in downloads.PLATFORMS]
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pip", "install", "--dry-run", "--quiet", "--no-deps"]
        command += ["--only-binary=:all:", f"--python-version={row.python}", *platforms]
        run = subprocess.run(
            [*command, f"--target={folder}", pin],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=False,
        )
    return run.returncode == 0
