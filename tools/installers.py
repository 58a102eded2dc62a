"""Install packages by uv, ten times as fast, or by pip for Pythons that uv does not know."""

import ast
import re
import shutil
import subprocess
from pathlib import Path
from typing import Callable, Dict, List, NamedTuple, Tuple

UV = "uv==0.13.9"
UV_FROM = (3, 8)
"""The oldest Python that uv installs for."""
UV_VARIABLES = {
    "index-url": ("UV_DEFAULT_INDEX", " "),
    "extra-index-url": ("UV_INDEX", " "),
    "find-links": ("UV_FIND_LINKS", ","),
    "no-index": ("UV_NO_INDEX", " "),
    "trusted-host": ("UV_INSECURE_HOST", " "),
    "cert": ("SSL_CERT_FILE", " "),
}
"""By the name of pip's setting: the variable that says it to uv, and what separates its values."""


class Installer(NamedTuple):
    """What puts packages into an environment: `install`, `check` and so on follow the command."""

    command: List[str]
    variables: Dict[str, str]


def is_uv_for(version: Tuple[int, ...]) -> bool:
    """Whether uv installs for a Python: its environment then needs no pip to begin with."""
    return version >= UV_FROM


def pip(python: Path) -> Installer:
    """Return the pip of an environment as its installer."""
    quiet = ["-qq", "--disable-pip-version-check"]  # errors only; progress is ours
    return Installer([str(python), "-m", "pip", *quiet], {})


def uv(python: Path, folder: Path) -> Installer:
    """Return uv, from where `provide_uv` has put it, as the installer of an environment."""
    variables = {"UV_PYTHON": str(python), **uv_variables(_configuration_of_pip(folder))}
    return Installer([str(folder / "bin" / "uv"), "--quiet", "--no-config", "pip"], variables)


def provide_uv(folder: Path, interpreter: Path, run: Callable[[List[str]], None]) -> None:
    """Install uv by pip, into an environment of its own, unless it is there.

    Args:
        folder: where it goes.
        interpreter: any that uv knows.
        run: runs a command, and raises an exception if it fails.
    """
    if (folder / UV).exists() and _configuration_of_pip(folder):
        return
    shutil.rmtree(str(folder), ignore_errors=True)
    run([str(interpreter), "-m", "venv", str(folder)])
    run([str(folder / "bin" / "python"), "-m", "pip", "-qq", "install", UV])
    (folder / UV).touch()


def _configuration_of_pip(folder: Path) -> str:
    """Return what pip is configured with, a line at least; empty if its Python is gone."""
    python = str(folder / "bin" / "python")
    command = [python, "-m", "pip", "--disable-pip-version-check", "config", "list"]
    try:
        listed = subprocess.run(command, stdout=subprocess.PIPE, check=True)
    except (OSError, subprocess.CalledProcessError):
        return ""
    return f"{listed.stdout.decode()}\n"


def uv_variables(configuration: str) -> Dict[str, str]:
    """Return what `pip config list` prints, what counts more below, in the variables of uv."""
    found = re.findall(r"^[^=]+\.([\w-]+)=('.*')$", configuration, re.MULTILINE)
    values = {name: ast.literal_eval(text).split() for name, text in found}
    ours = {
        variable: separator.join(values[name])
        for name, (variable, separator) in UV_VARIABLES.items()
        if name in values
    }
    # As pip has it: the newest of all indexes, not of the first, and modules that are compiled.
    return {"UV_INDEX_STRATEGY": "unsafe-best-match", "UV_COMPILE_BYTECODE": "1", **ours}
