"""Find this machine's interpreters that can be copied into a base as they are."""

import re
import subprocess
import tarfile
from pathlib import Path
from typing import NamedTuple

from tools.interpreters import candidates

_ASK = "import sys; print('.'.join(map(str, sys.version_info[:3])), sys.base_prefix)"

# docker-library/python leaves these out too; pip is installed anew.
_BALLAST = ("__pycache__", "test", "tests", "idle_test", "site-packages")
_PROGRAM = r"(python|pydoc)[\d.m]*"


class Interpreter(NamedTuple):
    """An interpreter, and the folder that holds it and nothing else."""

    version: str
    prefix: Path


def find(python: str) -> Interpreter | None:
    """Find an interpreter of a version such as `3.13` with a prefix of its own; None if none is."""
    for candidate in candidates(python):
        interpreter = _ask(candidate) if candidate.is_file() else None
        if interpreter and _fits(interpreter, python):
            return interpreter
    return None


def _ask(candidate: Path) -> Interpreter | None:
    run = subprocess.run([candidate, "-c", _ASK], capture_output=True, text=True, check=False)
    if run.returncode:  # pyenv's shims do not always run
        return None
    version, prefix = run.stdout.split()
    return Interpreter(version, Path(prefix))


def _fits(interpreter: Interpreter, python: str) -> bool:
    """Leave out the distribution's own: its folder holds the whole system."""
    is_apart = interpreter.prefix != Path("/usr")
    return is_apart and interpreter.version.startswith(f"{python}.")


def pack(interpreter: Interpreter, archive: tarfile.TarFile, folder: str) -> None:
    """Add what a base needs of an interpreter, in the layout of /usr/local."""
    for program in sorted((interpreter.prefix / "bin").iterdir()):
        if re.fullmatch(_PROGRAM, program.name):
            archive.add(program, f"{folder}/bin/{program.name}", filter=_without_ballast)
    for part in ("include", "lib"):
        archive.add(interpreter.prefix / part, f"{folder}/{part}", filter=_without_ballast)


def _without_ballast(entry: tarfile.TarInfo) -> tarfile.TarInfo | None:
    path = Path(entry.name)
    if path.name in _BALLAST or path.suffix == ".a":
        return None
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = ""
    return entry
