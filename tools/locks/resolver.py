"""Resolve what a row asks for into a lock: the newest wheels that fit together, by uv."""

import re
import subprocess
import sys
from pathlib import Path

from tools import programs
from tools.locks import LockError, downloads, header, is_local, pins_of, read, requirements, wheels
from tools.rows import Matrix, Row

PLATFORM = "x86_64-manylinux_2_28"
"""Wheels that run on every base: the oldest has glibc 2.31."""

NO_SOLUTION = 1
"""uv's exit code where it knows all that it needs; it has another one where it cannot ask."""


def make(matrix: Matrix, row: Row) -> None:
    """Resolve what a row asks for and write its lock."""
    if not row.can_be_built:
        raise LockError(f"{row.name} is not built and needs no lock: {row.reason}")
    lock = matrix.root / row.lock
    asked = requirements(matrix.root, row)
    lock.parent.mkdir(parents=True, exist_ok=True)
    fetched = downloads.folder_of(row.runtime, matrix.root)
    downloads.fetch([line for line in asked if is_local(line)], row.python, fetched)
    resolved = _resolve(matrix.root, row, asked)
    lock.write_text(f"{header(matrix.root, row)}\n{resolved}", encoding="utf-8")
    for name, version in read(lock).items():
        print(f"{row.name}: {name} {version}", file=sys.stderr)


def _resolve(root: Path, row: Row, asked: list[str]) -> str:
    """Choose by uv the newest wheels that fit together; it explains itself on standard error."""
    run = _ask_uv(root, row, asked)
    if run.returncode:
        print(run.stderr, end="", file=sys.stderr)
        missing = "; ".join(filter(None, (missing_wheel(root, row, pin) for pin in pins_of(row))))
        unsolved = f"no set of wheels satisfies {', '.join(asked)}; see above"
        raise LockError(f"{row.name}: {missing or unsolved}")
    return run.stdout


def missing_wheel(root: Path, row: Row, pin: str) -> str:
    """Return why a pin such as `tensorflow==1.7.0` has no wheel for a row's interpreter.

    Returns:
        What is missing, and for which interpreters there are wheels; empty if nothing is missing.

    Raises:
        LockError: the index cannot be asked.
    """
    run = _ask_uv(root, row, [pin], "--no-deps")
    if run.returncode == 0:
        return ""
    if run.returncode != NO_SOLUTION:
        raise LockError(f"{row.name}: nobody knows whether there is {pin}:\n{run.stderr.strip()}")
    tags = re.findall(r"`cp(\d)(\d+)", run.stderr.partition("only found wheels")[2])
    others = ", ".join(dict.fromkeys(f"{major}.{minor}" for major, minor in tags if minor))
    cause = re.search(r"Because (.+?) and you require", " ".join(run.stderr.split()))
    why = f"wheels exist for {others}" if others else (cause[1] if cause else run.stderr.strip())
    return f"{pin} has no wheel for Python {row.python} on x86-64 Linux: {why}"


def _ask_uv(
    root: Path, row: Row, asked: list[str], *options: str
) -> "subprocess.CompletedProcess[str]":
    """Run the resolver for a row's interpreter, with the runtime's own wheels too."""
    folders = [wheels.folder_of(row.runtime, root), downloads.folder_of(row.runtime, root)]
    found = [f"--find-links={folder}" for folder in folders if folder.is_dir()]
    # A release past any base's: to uv 3.6 is 3.6.0, and there are packages for 3.6.1 on.
    target = ["--python-version", f"{row.python}.99", "--python-platform", PLATFORM]
    command = [*_uv(), *target, *found, *options, "/dev/stdin"]
    text = "\n".join(asked) + "\n"
    return programs.run(command, input=text)


def _uv() -> list[str]:
    """Name the command: uv beside this Python, heeding nobody's configuration file."""
    uv = Path(sys.executable).with_name("uv")
    if not uv.exists():
        raise LockError(f"there is no {uv.name} beside {sys.executable}; run it by `make lock/...`")
    quiet = ["--quiet", "--no-config", "--no-python-downloads", "--no-header", "--no-annotate"]
    return [str(uv), "pip", "compile", *quiet, "--generate-hashes", "--only-binary", ":all:"]
