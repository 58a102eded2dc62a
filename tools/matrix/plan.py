"""Decides which images a change touches, so that CI builds those and no others."""

import subprocess
from pathlib import Path
from typing import Any

from tools.matrix.reader import parse
from tools.matrix.rows import Matrix, MatrixError, Row

SHARED = (
    "common/",
    "protos/",
    "tools/",
    "tests/conformance/",
    "tests/images/",
    ".github/workflows/images.yaml",
    ".dockerignore",
    "Makefile",
)
"""What every image is made of or tested with."""

MATRIX = "build_matrix.yaml"


def plan(rows: tuple[Row, ...]) -> list[dict[str, Any]]:
    """Say what CI needs to know of each row, as plain values."""
    return [
        {
            "runtime": row.runtime,
            "version": row.version,
            "image": row.image,
            "tags": list(row.tags),
            "status": str(row.status),
        }
        for row in rows
    ]


def touched(matrix: Matrix, since: str) -> tuple[Row, ...]:
    """Pick the rows that are built and that a change touches.

    Args:
        matrix: the rows as they are now.
        since: a revision; what counts is what happened after it was left, uncommitted work too.

    Raises:
        MatrixError: git does not know the revision.
    """
    start = _git(matrix.root, "merge-base", since, "HEAD").strip()
    changed = _changed(matrix.root, start)
    if any(path.startswith(SHARED) for path in changed):
        return matrix.built
    before = _blocks_at(matrix.root, start)
    now = _blocks((matrix.root / MATRIX).read_text(encoding="utf-8"))
    return tuple(
        row
        for row in matrix.built
        if before.get(row.name) != now[row.name] or any(_is_part(path, row) for path in changed)
    )


def _changed(root: Path, start: str) -> list[str]:
    """List paths that differ from a commit; documents, which no image contains, do not count."""
    tracked = _git(root, "diff", "--name-only", "--no-renames", "-z", start)
    new = _git(root, "ls-files", "--others", "--exclude-standard", "-z")
    return [path for path in (tracked + new).split("\0") if path and not path.endswith(".md")]


def _is_part(path: str, row: Row) -> bool:
    """Whether a path belongs to a row's runtime, and is not the lock of another row."""
    folder = row.folder.as_posix()
    is_lock = path.startswith(f"{folder}/locks/")
    return path == row.lock.as_posix() if is_lock else path.startswith(f"{folder}/")


def _blocks_at(root: Path, start: str) -> dict[str, Any]:
    """Read the rows as they were; none, if there was no matrix yet or nobody could read it."""
    try:
        return _blocks(_git(root, "show", f"{start}:{MATRIX}"))
    except (MatrixError, LookupError, TypeError):
        return {}


def _blocks(text: str) -> dict[str, Any]:
    """Read what each row is made from, by the row's name."""
    content = parse(text)
    shared = {key: content[key] for key in content if key != "runtimes"}
    return {
        f"{runtime}/{row['version']}": (shared, row)
        for runtime, block in content["runtimes"].items()
        for row in block["rows"]
    }


def _git(root: Path, *arguments: str) -> str:
    run = subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True, check=False)
    if run.returncode:
        raise MatrixError(f"`git {' '.join(arguments)}` failed: {run.stderr.strip()}")
    return run.stdout
