"""Measure what users notice of an image first: its size, its start and its memory."""

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from serving_runtime.client import CallFailed, Client
from serving_runtime.contract import samples
from tools import docker
from tools.command_line import ToolError
from tools.images.models import contract_of, model_of
from tools.rows import Row

START_SECONDS = 120
CALL_SECONDS = 60
POLL_SECONDS = 0.02

# Of every process but the shell itself. Memory that processes share counts once, in parts; `cat` is
# none of them, since the shell has listed the processes before.
MEMORY = "for it in /proc/[0-9]*; do [ $it = /proc/$$ ] || cat $it/smaps_rollup; done"


class Service(NamedTuple):
    """How long an image took to serve, and what memory it holds after its first answer."""

    start_seconds: float
    memory_bytes: int


def size_bytes(row: Row) -> int:
    """Return an image's size, its base included."""
    image = docker.inspect(row.candidate) or {}
    return int(image.get("Size", 0))


def service(row: Row, root: Path) -> Service:
    """Serve a small model twice, and return the faster start; the first reads from the disk."""
    model = model_of(row, root)
    return min(_serve(row, model) for _ in range(2))


def _serve(row: Row, model: Path) -> Service:
    began = time.monotonic()
    with _container(row, model) as container:
        address = docker.output("port", container, "9090/tcp").splitlines()[0]
        _wait_until_serving(address, container)
        seconds = time.monotonic() - began
        _call(row, model, address)
        return Service(seconds, _memory_bytes(container))


@contextlib.contextmanager
def _container(row: Row, model: Path) -> Iterator[str]:
    """Run a row's image on a model; without health checks, whose processes would be counted."""
    options = ("--detach", "--no-healthcheck", "--publish=127.0.0.1::9090")
    container = docker.output("run", *options, f"--volume={model}:/model:ro", row.candidate)
    try:
        yield container
    finally:
        docker.output("rm", "--force", "--volumes", container)


def _wait_until_serving(address: str, container: str) -> None:
    until = time.monotonic() + START_SECONDS
    while not _is_serving(address):
        is_over = docker.describe(container)["State"]["Status"] == "exited"
        if is_over or time.monotonic() > until:
            raise ToolError(f"not serving in {START_SECONDS} s:\n{docker.logs(container)}")
        time.sleep(POLL_SECONDS)


def _is_serving(address: str) -> bool:
    with Client(address) as client:
        try:
            return client.health(deadline_seconds=1.0) == "SERVING"
        except CallFailed:
            return False


def _call(row: Row, model: Path, address: str) -> None:
    signature = contract_of(row, model).signatures[0]
    with Client(address) as client:
        try:
            client.predict(signature.name, samples.sample_inputs(signature), CALL_SECONDS)
        except CallFailed as error:
            raise ToolError(f"no answer to a request: {error}") from None


def _memory_bytes(container: str) -> int:
    """Add up the proportional set sizes (PSS) of a container's processes."""
    lines = docker.output("exec", container, "sh", "-c", MEMORY).splitlines()
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))
