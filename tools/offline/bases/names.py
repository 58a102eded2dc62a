"""Read what a base's name on Docker Hub promises."""

import re
from typing import NamedTuple


class BaseError(Exception):
    """A base cannot be provided; the message has which and why."""


class Wanted(NamedTuple):
    """A base by its name on Docker Hub, and the Python in it."""

    name: str
    python: str


def wanted(name: str) -> Wanted:
    """Read a base's name.

    Raises:
        BaseError: it is none that can be made here.
    """
    found = re.fullmatch(r"python:(3\.\d+)-slim-[a-z]+", name)
    if not found:
        raise BaseError(
            f"{name}: no registry gives it, and only python:3.X-slim-SUITE can be made here"
        )
    return Wanted(name, found.group(1))
