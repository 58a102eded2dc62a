"""Define what makes a row's image, the same arguments for `docker build` and for bake."""

import datetime
import os
import subprocess
from pathlib import Path
from typing import NamedTuple

from tools.rows import Row

PASSED_ON = ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL")
"""Variables of the caller's that change where packages come from."""


class Target(NamedTuple):
    """One build; its context is the checkout."""

    dockerfile: Path
    args: dict[str, str]
    labels: dict[str, str]


def target_of(row: Row, root: Path) -> Target:
    """Return how a row is built from a checkout.

    Args:
        row: one that can be built.
        root: the checkout; git says which commit it is.
    """
    passed_on = {name: os.environ[name] for name in PASSED_ON if os.environ.get(name)}
    epoch = _epoch(root)
    return Target(
        row.dockerfile,
        # The builder itself heeds the time, if it is new enough, for what it writes down.
        {**row.build_args, "SOURCE_DATE_EPOCH": str(epoch), **passed_on},
        {**row.labels, **_provenance(root, epoch)},
    )


def _epoch(root: Path) -> int:
    """Return when the commit was made, in seconds, which is not when an image is built."""
    given = os.environ.get("SOURCE_DATE_EPOCH")
    return int(given or _git(root, "log", "-1", "--format=%ct") or 0)


def _provenance(root: Path, epoch: int) -> dict[str, str]:
    """Return which commit an image is made of."""
    created = datetime.datetime.fromtimestamp(epoch, datetime.timezone.utc)
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
