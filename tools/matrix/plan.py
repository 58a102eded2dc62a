"""Decide which images a change touches, so that CI builds those and no others."""

import re
from pathlib import Path
from typing import Any, NamedTuple

from tools import programs
from tools.rows.reader import BUILT, parse
from tools.rows.rows import Matrix, MatrixError, Row

MATRIX = "build_matrix.yaml"


class Concern(NamedTuple):
    """What makes a change one of an image's: of what it holds, or of how it is made and tested."""

    shared: tuple[str, ...]
    """Beginnings of paths that concern every row; a runtime's folder concerns its rows."""
    aside: re.Pattern[str]
    """Paths that concern none, wherever they are."""
    row_aside: tuple[str, ...]
    """Keys of a row that do not count."""


# Documents, environments and unit tests do without images; some tools come before them or after.
# Workflows are not shared, since they do nothing but call Make.
BUILD_AND_TEST = Concern(
    shared=(
        "common/",
        "protos/",
        "tools/",
        "tests/system/clients/",
        "tests/conformance/",
        "tests/support/",
        "tests/images/",
        ".dockerignore",
        "Makefile",
    ),
    aside=re.compile(
        r".+\.md"
        r"|common/tests/.+"
        r"|runtimes/[^/]+/(environments/.+|tests/([^/]+/)*(test_[^/]+|conftest)\.py)"
        r"|tools/(release|matrix)/.+|tools/images/bake\.py"
        r"|tools/(environments|installers|outdated|protos)\.py"
    ),
    row_aside=(),
)
CONTENTS = Concern(
    shared=("common/",),
    aside=re.compile(r".+\.md|(common|runtimes/[^/]+)/(.+/)?(environments|tests)/.+"),
    row_aside=("budget", "proof"),
)


def plan(rows: tuple[Row, ...]) -> list[dict[str, Any]]:
    """Return what CI needs to know of each row, as plain values."""
    wanted = ("runtime", "version", "image", "tags", "status")
    return [{name: getattr(row, name) for name in wanted} for row in rows]


def touched(matrix: Matrix, since: str) -> tuple[Row, ...]:
    """Pick the built rows that a change touches, what they are tested with included.

    What counts is what happened after a revision was left, uncommitted work too.
    """
    start = git(matrix.root, "merge-base", since, "HEAD").strip()
    return _picked(matrix, start, BUILD_AND_TEST)


def differing(matrix: Matrix, commit: str) -> tuple[Row, ...]:
    """Pick the rows built at a commit already whose images hold something else now."""
    before = _blocks_at(matrix.root, commit, CONTENTS)
    had = {name for name, (_, row) in before.items() if row.get("status") in BUILT}
    return tuple(row for row in _picked(matrix, commit, CONTENTS) if row.name in had)


def _picked(matrix: Matrix, start: str, concern: Concern) -> tuple[Row, ...]:
    """Pick rows by what differs from a commit."""
    changed = [path for path in _changed(matrix.root, start) if not concern.aside.fullmatch(path)]
    if any(path.startswith(concern.shared) for path in changed):
        return matrix.built
    before = _blocks_at(matrix.root, start, concern)
    now = _blocks((matrix.root / MATRIX).read_text(encoding="utf-8"), concern)
    return tuple(
        row
        for row in matrix.built
        if before.get(row.name) != now[row.name] or any(_is_part(path, row) for path in changed)
    )


def _changed(root: Path, start: str) -> list[str]:
    """List paths that differ from a commit."""
    tracked = git(root, "diff", "--name-only", "--no-renames", "-z", start)
    new = git(root, "ls-files", "--others", "--exclude-standard", "-z")
    return [path for path in (tracked + new).split("\0") if path]


def _is_part(path: str, row: Row) -> bool:
    """Whether a path belongs to a row's runtime, and is not the lock of another row."""
    folder = row.folder.as_posix()
    is_lock = path.startswith(f"{folder}/locks/")
    return path == row.lock.as_posix() if is_lock else path.startswith(f"{folder}/")


def _blocks_at(root: Path, start: str, concern: Concern) -> dict[str, Any]:
    """Read the rows as they were; none, if there was no matrix yet or nobody could read it."""
    try:
        return _blocks(git(root, "show", f"{start}:{MATRIX}"), concern)
    except (AttributeError, LookupError, MatrixError, TypeError):
        return {}


def _blocks(text: str, concern: Concern) -> dict[str, Any]:
    """Read what each row is made from, by the row's name."""
    content = parse(text)
    shared = {key: content[key] for key in content if key != "runtimes"}
    return {
        f"{runtime}/{row['version']}": (
            shared,
            {key: value for key, value in row.items() if key not in concern.row_aside},
        )
        for runtime, block in content["runtimes"].items()
        for row in block["rows"]
    }


def git(root: Path, *arguments: str) -> str:
    """Return what git prints.

    Raises:
        MatrixError: it failed, or there is none.
    """
    try:
        run = programs.run(["git", *arguments], cwd=root)
    except FileNotFoundError:
        raise MatrixError("there is no git on PATH; install it") from None
    if run.returncode:
        why = run.stderr.strip() or "no answer (a shallow clone knows too little: fetch it all)"
        raise MatrixError(f"`git {' '.join(arguments)}` failed: {why}")
    return run.stdout
