"""Build one row's image, under a name of its own until it is verified."""

import datetime
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from tools import docker, locks, programs
from tools.locks import downloads
from tools.rows import Row

PASSED_ON = ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL")
"""Variables of the caller's that change where packages come from."""


class Target(NamedTuple):
    """What makes a row's image, for `docker build` and for bake; its context is the checkout."""

    dockerfile: Path
    args: dict[str, str]
    labels: dict[str, str]


def build(
    row: Row, root: Path, progress: Callable[[str], None], *, name: str = "", fresh: bool = False
) -> float:
    """Build an image as the row's candidate, and return how many seconds it took.

    Args:
        row: one whose base is there, or can be pulled.
        root: the checkout.
        progress: called with each step.
        name: another name than the candidate's.
        fresh: take no step from an earlier build.
    """
    began = time.monotonic()
    fetched = downloads.folder_of(row.runtime, root)
    downloads.fetch(locks.local_pins(root, row), row.python, fetched)
    target = target_of(row, root)
    docker.build(
        f"--tag={name or row.candidate}",
        *(["--no-cache"] if fresh else []),
        f"--file={root / target.dockerfile}",
        *(f"--build-arg={name}={value}" for name, value in target.args.items()),
        *(f"--label={name}={value}" for name, value in target.labels.items()),
        str(root),
        progress=progress,
    )
    return time.monotonic() - began


def give_names(row: Row) -> None:
    """Tag a candidate with the names that users know it by, the row's tags."""
    for reference in row.references:
        docker.output("tag", row.candidate, reference)


def target_of(row: Row, root: Path) -> Target:
    """Return how a row is built from a checkout, of which git says which commit it is."""
    passed_on = {name: os.environ[name] for name in PASSED_ON if os.environ.get(name)}
    # When the commit was made, which is not when an image is built.
    epoch = int(os.environ.get("SOURCE_DATE_EPOCH") or _git(root, "log", "-1", "--format=%ct") or 0)
    created = datetime.datetime.fromtimestamp(epoch, datetime.timezone.utc)
    changed = "-dirty" if _git(root, "status", "--porcelain") else ""
    provenance = {
        "org.opencontainers.image.revision": f"{_git(root, 'rev-parse', 'HEAD')}{changed}",
        "org.opencontainers.image.created": created.isoformat(),
    }
    # The builder itself heeds the time, if it is new enough, for what it writes down.
    args = {**row.build_args, "SOURCE_DATE_EPOCH": str(epoch), **passed_on}
    return Target(row.dockerfile, args, {**row.labels, **provenance})


def _git(root: Path, *arguments: str) -> str:
    """Ask git; empty outside of a checkout."""
    return programs.run(["git", "-C", str(root), *arguments]).stdout.strip()
