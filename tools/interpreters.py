"""Find this machine's Pythons, so that environments need no paths of them."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Iterator, Optional, Tuple

Version = Tuple[int, ...]


class NoInterpreterError(Exception):
    """This machine has no Python of the wanted version; the message has what to install."""


def find(wanted: str) -> Tuple[Path, Version]:
    """Find a Python that runs and is the wanted version: on PATH, in pyenv, or this one.

    Raises:
        NoInterpreterError: none was found; the message has what to install.
    """
    for candidate in candidates(wanted):
        version = _version_of(candidate)
        if version and _fits(version, wanted):
            return candidate, version
    version_text = wanted.lstrip(">=")
    raise NoInterpreterError(
        f"needs Python {wanted}, and none was found on PATH or in pyenv. Install it, for example"
        f" with `pyenv install {version_text}` or your system's package python{version_text}."
    )


def candidates(wanted: str) -> Iterator[Path]:
    """Yield the interpreters to try, best first; some may be of another version, or not run."""
    this = Path(sys.executable)
    if wanted.startswith(">="):
        yield this
    name = "python3" if wanted.startswith(">=") else f"python{wanted}"
    yield from (Path(folder) / name for folder in os.get_exec_path())
    pyenv_roots = {os.environ.get("PYENV_ROOT"), str(Path.home() / ".pyenv")} - {None, ""}
    found = [path for root in pyenv_roots for path in Path(str(root)).glob("versions/3.*")]
    yield from (path / "bin" / "python" for path in sorted(found, key=_numbers_in, reverse=True))
    yield this


def _numbers_in(folder: Path) -> Version:
    return tuple(int(number) for number in re.findall(r"\d+", folder.name))


def _version_of(interpreter: Path) -> Optional[Version]:
    """Ask an interpreter for its version; None if it does not run, as pyenv's shims may not."""
    if not interpreter.is_file():
        return None
    command = [str(interpreter), "-c", "import sys; print(*sys.version_info[:3])"]
    run = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
    return tuple(int(part) for part in run.stdout.split()) if run.returncode == 0 else None


def _fits(version: Version, wanted: str) -> bool:
    bound = tuple(int(part) for part in wanted.lstrip(">=").split("."))
    return version[:2] >= bound if wanted.startswith(">=") else version[:2] == bound
