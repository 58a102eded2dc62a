"""Serve the model that does what requests say, for the experiments that have it go wrong."""

import contextlib
import os
import re
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from serving_runtime.bench.percentiles import percentile
from tests.faults import models
from tests.faults.processes import wait_until
from tests.faults.servers import Server

WORKERS = 2
_END = re.compile(r"worker-\d+ (?:was killed|exited)")


@contextlib.contextmanager
def serving(**settings: str) -> Iterator[Server]:
    """Serve the obedient model on two workers until the end of the block."""
    os.environ["no_proxy"] = os.environ["NO_PROXY"] = "localhost,127.0.0.1"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        model = models.write_obedient(folder / "model")
        server = Server(model, folder, **{"RUNTIME_WORKERS": str(WORKERS), **settings})
        try:
            wait_workers(server.wait_serving(), WORKERS)
            yield server
        finally:
            server.end()


def wait_workers(server: Server, started: int) -> None:
    """Wait until so many workers have come to serve, counted from the service's start."""
    wait_until(lambda: server.log.count(" serves ") >= started, f"{started} workers")


def ends(server: Server) -> int:
    """Return how many workers have ended, as the service tells it."""
    return len(_END.findall(server.log))


def spread(seconds: Sequence[float]) -> dict[str, float]:
    """Return percentiles and the maximum of times, in milliseconds."""
    ordered = sorted(seconds)
    shares = {f"p{percent}": percentile(ordered, percent) for percent in (50, 90, 99)}
    return {name: round(1000 * value, 1) for name, value in {**shares, "max": max(ordered)}.items()}
