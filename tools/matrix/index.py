"""Ask package indexes whether the wheels that rows are named for exist, before anybody builds."""

import sys
import tempfile
from collections.abc import Callable, Iterator

from tools import locks, programs
from tools.locks import downloads, resolver
from tools.rows.rows import Matrix, Row


def missing_wheels(matrix: Matrix, progress: Callable[[str], None]) -> list[str]:
    """Return a line for each pinned package of built rows without a wheel for their interpreter.

    Wheels that a runtime keeps or has downloaded count, and for a local version, `+cpu`, whatever
    this environment's pip is configured with. `progress` gets each package that was asked for.
    """
    return [problem for row in matrix.built for problem in _missing(matrix, row, progress)]


def _missing(matrix: Matrix, row: Row, progress: Callable[[str], None]) -> Iterator[str]:
    for pin in locks.pins_of(row):
        try:
            why = resolver.missing_wheel(matrix.root, row, pin)
        except locks.LockError as error:
            why = str(error)
        if why and locks.is_local(pin) and _is_where_pip_looks(pin, row):
            why = ""
        progress(f"[{row.name}] {pin}: {'missing' if why else 'there is a wheel'}")
        if why:
            yield why if why.startswith(row.name) else f"{row.name}: {why}"


def _is_where_pip_looks(pin: str, row: Row) -> bool:
    """Look with pip on the indexes and in the folders of its configuration, and fetch nothing."""
    options = ["--dry-run", "--quiet", "--no-deps", *downloads.wheels_for(row.python)]
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pip", "install", *options, f"--target={folder}", pin]
        return programs.run(command).returncode == 0
