"""Provide the images that Dockerfiles begin with, from a registry or, without one, made here.

What is made here stands for Docker Hub's `python:<version>-slim-<suite>` under the same name, so
that Dockerfiles, arguments and tags are the same everywhere. Its label says what it is.
"""

import time

from tools import docker
from tools.offline.bases import recipe
from tools.offline.bases.names import BaseError, wanted

PULL_SECONDS = 180

__all__ = ["BaseError", "ensure"]


def ensure(name: str) -> str:
    """Provide a base, and return in a few words how it came.

    Args:
        name: as the matrix has it, `python:3.13-slim-bookworm`.

    Raises:
        BaseError: no registry gives it, and it cannot be made here.
    """
    image = docker.inspect(name)
    if image and recipe.is_current(image):
        return "is there (local equivalent)" if recipe.is_local(image) else "is there"
    began = time.monotonic()
    if not image and _is_pulled(name):
        return f"pulled in {time.monotonic() - began:.0f} s"
    try:
        recipe.make(wanted(name))
    except docker.DockerError as error:
        raise BaseError(f"{name}: {error}") from None
    return f"made in {time.monotonic() - began:.0f} s (local equivalent)"


def _is_pulled(name: str) -> bool:
    """Fetch a base; False if no registry gives it in time."""
    try:
        docker.output("pull", "--quiet", name, timeout_seconds=PULL_SECONDS)
    except docker.DockerError:
        return False
    return True
