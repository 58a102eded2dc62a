"""Provide our service from a copy of some checkout's sources, to measure two of them in one run.

Sources are copied, so that nobody's edits come into a run that takes minutes, and so that nothing
is written into the checkout: the first start compiles them.
"""

import io
import os
import shutil
import subprocess
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from experiments.benchmarks import setup
from experiments.benchmarks.peers import Peer, Setup, Start
from experiments.benchmarks.peers.serving_runtime import OURS

SOURCES = ("common", "runtimes")
NOT_SOURCES = shutil.ignore_patterns("tests", "__pycache__", "build", "*.egg-info", ".*")
# Run with a side's PYTHONPATH: prints where its sources come from.
WHERE = "import serving_runtime; print(serving_runtime.__file__)"


class BaselineError(Exception):
    """There is no such commit or folder, or its sources would not be used; the message says why."""


class Sources(NamedTuple):
    """A copy of a checkout's sources, and which commit they are of."""

    folder: Path
    commit: str

    @property
    def python_path(self) -> str:
        """The folders that Python imports them from."""
        folders = [self.folder / "common", *sorted((self.folder / "runtimes").iterdir())]
        return os.pathsep.join(str(folder) for folder in folders if folder.is_dir())


def copied(base: str, name: str) -> Sources:
    """Copy the sources of a commit, or of the checkout in a folder.

    Args:
        base: a commit of this repository, or a folder.
        name: of the copy.

    Raises:
        BaselineError: it is neither.
    """
    target = setup.BUILD / "sources" / name
    shutil.rmtree(target, ignore_errors=True)
    if not Path(base).is_dir():
        return Sources(target, _extracted(base, target))
    for source in SOURCES:
        if not Path(base, source).is_dir():
            raise BaselineError(f"{base}: there is no folder {source}")
        shutil.copytree(Path(base, source), target / source, ignore=NOT_SOURCES)
    return Sources(target, _git(base, "describe", "--always", "--dirty", "--exclude=*").decode())


def _extracted(commit: str, target: Path) -> str:
    """Write a commit's sources into a folder; returns the commit's short name."""
    archive = _git(setup.ROOT, "archive", commit, "--", *SOURCES)
    with tarfile.open(fileobj=io.BytesIO(archive)) as files:
        files.extractall(target, filter="data")
    return _git(setup.ROOT, "rev-parse", "--short", commit).decode()


def _git(folder: Path | str, *arguments: str) -> bytes:
    run = subprocess.run(
        ["git", "-C", str(folder), *arguments], capture_output=True, check=False
    )  # fmt: skip
    if run.returncode:
        raise BaselineError(f"{' '.join(arguments)}: {run.stderr.decode().strip()}")
    return run.stdout if arguments[0] == "archive" else run.stdout.strip()


def service(sources: Sources, environ: Mapping[str, str], first_on_path: str = "") -> Peer:
    """Return our service with other sources, in today's environment.

    Args:
        sources: that it is started from.
        environ: more settings.
        first_on_path: a folder that Python looks into first.
    """
    path = os.pathsep.join(filter(None, [first_on_path, sources.python_path]))

    def start(setup: Setup) -> Start:
        plain = OURS.start(setup)
        return Start(plain.command, {**plain.environ, **environ, "PYTHONPATH": path})

    return OURS._replace(start=start)


def ensure_used(sources: Sources) -> None:
    """Make sure that the environment's interpreter imports these sources and no installed ones.

    Raises:
        BaselineError: it does not.
    """
    run = subprocess.run(
        [str(setup.interpreter(OURS.environment)), "-c", WHERE],
        cwd=sources.folder,
        env={**os.environ, "PYTHONPATH": sources.python_path},
        capture_output=True,
        text=True,
        check=False,
    )
    if not run.stdout.startswith(str(sources.folder)):
        found = run.stdout.strip() or run.stderr.strip()[-500:]
        raise BaselineError(f"not these sources are used, but {found}")
