"""Measures what users notice of an image first: how large it is and how fast it serves."""

import time
from pathlib import Path

from serving_runtime.client import CallFailed, Client
from tools import docker
from tools.matrix import Row

MODELS = "tests/models"
START_SECONDS = 60
POLL_SECONDS = 0.02


class MeasuringError(Exception):
    """An image does not serve; the message is what it said."""


def size_bytes(row: Row) -> int:
    """Return an image's size, its base included."""
    image = docker.inspect(row.references[0]) or {}
    return int(image.get("Size", 0))


def start_seconds(row: Row, root: Path) -> float:
    """Serve a small model twice, and return the shorter time from `docker run` to SERVING.

    The first start of an image reads it from the disk.

    Raises:
        MeasuringError: it does not serve in time.
        DockerError: the container could not be started.
    """
    model = min((root / row.folder / MODELS).iterdir())
    return min(_start_seconds(row, model) for _ in range(2))


def _start_seconds(row: Row, model: Path) -> float:
    began = time.monotonic()
    container = docker.output(
        "run", "--detach", "--publish", "127.0.0.1::9090", "--volume", f"{model}:/model:ro",
        row.references[0],
    )  # fmt: skip
    try:
        address = docker.output("port", container, "9090/tcp").splitlines()[0]
        _wait_until_serving(address, container)
        return time.monotonic() - began
    finally:
        docker.output("rm", "--force", "--volumes", container)


def _wait_until_serving(address: str, container: str) -> None:
    until = time.monotonic() + START_SECONDS
    while not _is_serving(address):
        if time.monotonic() > until:
            raise MeasuringError(f"not serving in {START_SECONDS} s:\n{docker.logs(container)}")
        time.sleep(POLL_SECONDS)


def _is_serving(address: str) -> bool:
    with Client(address) as client:
        try:
            return client.health(deadline_seconds=1.0) == "SERVING"
        except CallFailed:
            return False
