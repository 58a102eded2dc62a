"""Make what peers need: environments of their own, and models saved by those environments."""

import subprocess
import sys
from pathlib import Path

from experiments.benchmarks.cases import CASES, IRIS, Case
from experiments.benchmarks.peers import SERVERS, Peer, limits
from experiments.benchmarks.peers.registry import PEERS
from tools import environments
from tools.command_line import ToolError
from tools.offline.packages import NotDebianError

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build" / "benchmarks"
PREFIX = "benchmarks-"
# The models that are files, and how those are called; the others are a line of NumPy.
SAVED = {IRIS: "iris.joblib", "tensorflow": "network", "pytorch": "network.pt"}


class SetUpError(Exception):
    """A peer cannot be set up; the message says which, and why."""


def names() -> list[str]:
    """Return the environments that there are, without the runner's own."""
    found = [name for name in environments.descriptions() if name.startswith(PREFIX)]
    return [name[len(PREFIX) :] for name in found if name != PREFIX + "runner"]


def interpreter(name: str) -> Path:
    """Return the Python of an environment, made or not."""
    return environments.read(PREFIX + name).interpreter


def is_ready(name: str) -> bool:
    """Return whether an environment has been made, and its models."""
    if name not in names() or not interpreter(name).exists():
        return False
    return all((models_folder(name) / SAVED[model]).exists() for model in _models_of(name))


def can_run(peer: Peer, case: Case) -> bool:
    """Return whether a peer does this case, here and now."""
    return case.name in peer.cases and is_ready(peer.environment_for(case))


def make(name: str) -> None:
    """Make an environment and the models that it serves.

    Raises:
        SetUpError: there is no such environment, no Python for it, or pip failed.
    """
    try:
        environments.create(environments.read(PREFIX + name))
    except ToolError as error:
        raise SetUpError(f"{name}: {error}") from None
    for model in sorted(_models_of(name)):
        save_model(name, model)
    if name == limits.ENVIRONMENT:
        _compile_echo(name)


def _compile_echo(name: str) -> None:
    try:
        limits.compile_echo(models_folder(name))
    except (limits.CompileError, NotDebianError) as error:
        raise SetUpError(f"the C++ echo: {error}") from None


def models_folder(name: str) -> Path:
    """Return where the models of an environment are."""
    return BUILD / "models" / name


def save_model(name: str, model: str) -> None:
    """Train and save a model with the packages that will load it.

    Raises:
        SetUpError: it failed; the message is the end of what was printed.
    """
    folder = models_folder(name)
    folder.mkdir(parents=True, exist_ok=True)
    command = [str(interpreter(name)), str(SERVERS / "models.py"), model, str(folder)]
    run = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    if run.returncode:
        raise SetUpError(f"{name}: the {model} model was not saved:\n{run.stdout[-2000:]}")
    print(f"[{name}] saved the {model} model", file=sys.stderr)


def _models_of(name: str) -> set[str]:
    """Return which models are served from an environment."""
    return {
        case.framework or case.model
        for peer in PEERS
        for case in CASES
        if not peer.is_limit and case.name in peer.cases and peer.environment_for(case) == name
    } & set(SAVED)
