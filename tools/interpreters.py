"""Find this machine's Pythons, so that environments need no paths of them."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Iterator, NamedTuple, Optional, Tuple

from tools.command_line import ToolError

_ASK = "import sys; print(*sys.version_info[:3]); print(sys.base_prefix)"


class NoInterpreterError(ToolError):
    """This machine has no Python of the wanted version; the message has what to install."""


class Interpreter(NamedTuple):
    """A Python that runs."""

    path: Path
    version: Tuple[int, ...]
    prefix: Path
    """The folder that holds it; of a distribution's own, the whole system."""


def find(wanted: str) -> Interpreter:
    """Find a Python that runs and is the wanted version: on PATH, in pyenv, or this one.

    Raises:
        NoInterpreterError: none was found; the message has what to install.
    """
    for found in installed(wanted):
        return found
    version = wanted.lstrip(">=")
    raise NoInterpreterError(
        f"needs Python {wanted}, and none was found on PATH or in pyenv. Install it, for example"
        f" with `pyenv install {version}` or your system's package python{version}."
    )


def installed(wanted: str) -> Iterator[Interpreter]:
    """Yield the Pythons that are `3.9`, or `>=3.9`, best first."""
    bound = tuple(int(part) for part in wanted.lstrip(">=").split("."))
    is_least = wanted.startswith(">=")
    for path in _candidates(wanted):
        found = _ask(path) if path.is_file() else None
        if found and (found.version[:2] >= bound if is_least else found.version[:2] == bound):
            yield found


def _candidates(wanted: str) -> Iterator[Path]:
    this = Path(sys.executable)
    if wanted.startswith(">="):
        yield this
    name = "python3" if wanted.startswith(">=") else f"python{wanted}"
    yield from (Path(folder) / name for folder in os.get_exec_path())
    pyenv_roots = {os.environ.get("PYENV_ROOT"), str(Path.home() / ".pyenv")} - {None, ""}
    found = [path for root in pyenv_roots for path in Path(str(root)).glob("versions/3.*")]
    yield from (path / "bin" / "python" for path in sorted(found, key=_numbers_in, reverse=True))
    yield this


def _numbers_in(folder: Path) -> Tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", folder.name))


def _ask(path: Path) -> Optional[Interpreter]:
    """Ask an interpreter what it is; None if it does not run, as pyenv's shims may not."""
    command = [str(path), "-c", _ASK]
    run = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
    if run.returncode:
        return None
    version, prefix = run.stdout.decode().splitlines()
    return Interpreter(path, tuple(int(part) for part in version.split()), Path(prefix))
