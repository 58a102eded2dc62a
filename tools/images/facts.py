"""Measure what an image is, from inside of it and from what the engine knows of it."""

import functools
import json
from pathlib import Path
from typing import Any, NamedTuple

from tools import docker, locks

PROBE = Path(__file__).with_name("probe.py")


class Inside(NamedTuple):
    """What is inside of an image, as `probe.py` finds it."""

    python: str
    packages: dict[str, str]
    conflicts: list[str]
    constraints: list[str]
    command: str
    setuid: list[str]
    build_tools: list[str]
    caches: list[str]


class Facts(NamedTuple):
    """What an image is."""

    inside: Inside
    size_bytes: int
    config: dict[str, Any]
    """As the Docker image specification has it: `User`, `Entrypoint`, `Labels` and so on."""


@functools.cache
def look_inside(image: str) -> Inside:
    """Look around in an image, as its administrator, who sees everything.

    Raises:
        DockerError: it has no Python, or there is no such image.
    """
    options = ("--rm", "--user=0", "--network=none", "--entrypoint=python")
    code = PROBE.read_text(encoding="utf-8")
    found = json.loads(docker.output("run", *options, image, "-c", code).splitlines()[-1])
    packages = {locks.normal(name): version for name, version in found["packages"].items()}
    return Inside(**{**found, "packages": packages})


def measure(image: str) -> Facts:
    """Measure an image.

    Raises:
        DockerError: there is none of that name, or it does not run.
    """
    described = docker.inspect(image)
    if described is None:
        raise docker.DockerError(f"there is no image {image}")
    # By its id: a name may move on to the next build.
    return Facts(look_inside(described["Id"]), described["Size"], described["Config"])
