"""Builds one row's image, with what only git knows beside what the matrix says."""

import datetime
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from tools import docker, downloads, locks
from tools.matrix import Row

PASSED_ON = ("PIP_INDEX_URL",)
"""Variables of the caller's that change where packages come from."""


def build(row: Row, root: Path, progress: Callable[[str], None]) -> float:
    """Build an image under all its names.

    Args:
        row: one that is built; its base is there, or can be pulled.
        root: the checkout.
        progress: is told each step.

    Returns:
        How long it took, in seconds.

    Raises:
        DockerError: the build failed.
        DownloadError: a wheel that is not on PyPI is not where pip is told to look either.
        LockError: the row has no lock.
    """
    began = time.monotonic()
    fetched = downloads.folder_of(row.runtime, root)
    downloads.fetch(locks.local_pins(root, row), row.python, fetched)
    docker.build(*_arguments(row, root), str(root), progress=progress)
    return time.monotonic() - began


def _arguments(row: Row, root: Path) -> Iterator[str]:
    yield f"--file={root / row.dockerfile}"
    for name, value in _build_arguments(row).items():
        yield f"--build-arg={name}={value}"
    for name, value in {**row.labels, **_provenance(root)}.items():
        yield f"--label={name}={value}"
    for reference in row.references:
        yield f"--tag={reference}"


def _build_arguments(row: Row) -> dict[str, str]:
    passed_on = {name: os.environ[name] for name in PASSED_ON if os.environ.get(name)}
    return {**row.build_args, "IMAGE": row.image, **passed_on}


def _provenance(root: Path) -> dict[str, str]:
    """Say which commit an image is made of, and when that was: not when it was built."""
    seconds = os.environ.get("SOURCE_DATE_EPOCH") or _git(root, "log", "-1", "--format=%ct")
    created = datetime.datetime.fromtimestamp(int(seconds or 0), datetime.timezone.utc)
    changed = "-dirty" if _git(root, "status", "--porcelain") else ""
    return {
        "org.opencontainers.image.revision": f"{_git(root, 'rev-parse', 'HEAD')}{changed}",
        "org.opencontainers.image.created": created.isoformat(),
    }


def _git(root: Path, *arguments: str) -> str:
    """Ask git; empty outside of a checkout."""
    command = ["git", "-C", str(root), *arguments]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    return run.stdout.strip()
