"""Serves a model in a folder that is gone afterwards, as every experiment needs it."""

import contextlib
import os
import re
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from serving_runtime.bench.percentiles import percentile
from tests.support import models
from tests.support.processes import wait_until
from tests.support.servers import Server, assert_bit_exact, channel, failure

WORKERS = 2
# By which clients of HTTP call the model that does what requests say.
OBEDIENT = {"MODEL_NAME": "obedient"}
# What a process comes to need with any request at all, such as code that it had not run before.
WARM_CALLS = 20
_END = re.compile(r"worker-\d+ (?:was killed|exited)")


@contextlib.contextmanager
def served(
    write: Callable[[Path], Path], prefix: Sequence[str] = (), **settings: str
) -> Iterator[Server]:
    """Serve the model directory that ``write`` makes, until the end of the block.

    Args:
        write: told where.
        prefix: a command that starts the service.
        settings: environment variables.
    """
    # Grpc's default channels would send loopback's calls through a proxy.
    os.environ["no_proxy"] = os.environ["NO_PROXY"] = "localhost,127.0.0.1"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        server = Server(write(folder / "model"), folder, prefix, **settings)
        try:
            yield server.wait_serving()
        finally:
            server.end()


@contextlib.contextmanager
def obedient(**settings: str) -> Iterator[Server]:
    """Serve the model that does what requests say, on two workers."""
    workers = {"RUNTIME_WORKERS": str(WORKERS)}
    with served(models.write_obedient, **workers, **OBEDIENT, **settings) as server:
        wait_workers(server, WORKERS)
        yield server


@contextlib.contextmanager
def warm(**settings: str) -> Iterator[Server]:
    """Serve the same model on one worker, which has answered and refused some calls already."""
    with served(models.write_obedient, **OBEDIENT, **settings) as server:
        with channel(server.address) as connection:
            for _ in range(WARM_CALLS):
                assert_bit_exact(connection)
                assert failure(connection, b"\xff").status == "INVALID_ARGUMENT"
        yield server


def wait_workers(server: Server, started: int) -> None:
    """Wait until so many workers have come to serve, counted from the service's start."""
    wait_until(lambda: server.log.count(" serves ") >= started, f"{started} workers")


def ends(server: Server) -> int:
    """Return how many workers have ended, as the service tells it."""
    return len(_END.findall(server.log))


def spread(seconds: Sequence[float]) -> dict[str, float]:
    """Return percentiles and the maximum of times, in milliseconds; nothing of no times."""
    if not seconds:
        return {}
    ordered = sorted(seconds)
    shares = {f"p{percent}": percentile(ordered, percent) for percent in (50, 90, 99)}
    return {name: round(1000 * value, 1) for name, value in {**shares, "max": ordered[-1]}.items()}
