"""Build one row's image, under a name of its own until it is verified."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

from tools import docker, locks
from tools.images.target import target_of
from tools.locks import downloads
from tools.rows import Row


def build(
    row: Row, root: Path, progress: Callable[[str], None], *, name: str = "", fresh: bool = False
) -> float:
    """Build an image as the row's candidate.

    Args:
        row: one that is built; its base is there, or can be pulled.
        root: the checkout.
        progress: called with each step.
        name: another name than the candidate's.
        fresh: take no step from an earlier build.

    Returns:
        How long it took, in seconds.

    Raises:
        DockerError: the build failed.
        DownloadError: a wheel that is not on PyPI is not where pip is configured to look either.
        LockError: the row has no lock.
    """
    began = time.monotonic()
    fetched = downloads.folder_of(row.runtime, root)
    downloads.fetch(locks.local_pins(root, row), row.python, fetched)
    options = [f"--tag={name or row.candidate}", *(["--no-cache"] if fresh else [])]
    docker.build(*options, *_arguments(row, root), str(root), progress=progress)
    return time.monotonic() - began


def _arguments(row: Row, root: Path) -> Iterator[str]:
    target = target_of(row, root)
    yield f"--file={root / target.dockerfile}"
    for name, value in target.args.items():
        yield f"--build-arg={name}={value}"
    for name, value in target.labels.items():
        yield f"--label={name}={value}"


def give_names(row: Row) -> None:
    """Tag a candidate with the names that users know it by, the row's tags.

    Raises:
        DockerError: there is no candidate.
    """
    for reference in row.references:
        docker.output("tag", row.candidate, reference)
