"""Slow clients of HTTP: bodies that begin and never go on must cost others nothing, and end.

Each has a connection of its own. Another service shows how long such a body lives: as long as a
call may take (RUNTIME_REQUEST_TIMEOUT).
"""

import argparse
import contextlib
import http.client
import resource
import socket
import time
from collections.abc import Callable, Iterator
from typing import NamedTuple

from experiments.reliability import serving
from experiments.reliability.experiment import Experiment, Findings, Goal
from tests.support import http_callers
from tests.support.http_callers import HttpCallers
from tests.support.memory import Peak
from tests.support.servers import Server

SENT = (b"POST /v2/models/obedient/infer HTTP/1.1\r\nHost: a\r\nContent-Length: 4096\r\n\r\n"
        b'{"inputs": [')  # fmt: skip
MAX_KIB_A_BODY = 32
TIMEOUT_SECONDS = 1.0
# The front looks at its connections twice a second.
MAX_LIFE_SECONDS = TIMEOUT_SECONDS + 0.5 + 1


class _Found(NamedTuple):
    answered: int
    failed: int
    unhealthy: int
    grown_bytes: int


def describe(parser: argparse.ArgumentParser) -> None:
    """Add the experiment's arguments."""
    add = parser.add_argument
    add("--bodies", type=int, default=1000, help="stalled at the same time (default 1000)")
    add("--callers", type=int, default=8, help="healthy clients meanwhile (default 8)")
    add("--calls", type=int, default=20_000, help="that they have answered (default 20000)")
    add("--checks", type=int, default=100, help="of health meanwhile (default 100)")


def run(arguments: argparse.Namespace, tell: Callable[[str], None]) -> Findings:
    """Stall the bodies, and call beside them; then see how long one lives."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))  # the service inherits it
    with serving.warm() as server:
        found = _call_beside(server, arguments)
    tell(f"{found.answered} answers, {found.failed} failures, {found.grown_bytes} bytes more")
    life = _life_seconds()
    tell(f"a stalled body lived {life:.1f} s")
    return _findings(arguments, found, life)


def _call_beside(server: Server, arguments: argparse.Namespace) -> _Found:
    with HttpCallers(server.http_address, arguments.callers, moves=False):
        pass
    peak, workers = Peak(server.front), server.workers
    callers = HttpCallers(server.http_address, arguments.callers, moves=False)
    with _stalled(server, arguments.bodies), callers:
        callers.wait_answers(arguments.calls)
        unhealthy = sum(not _is_ready(server) for _ in range(arguments.checks))
    assert server.workers == workers, "a worker was lost"
    return _Found(callers.answered, len(callers.failures), unhealthy, peak.grown_bytes)


@contextlib.contextmanager
def _stalled(server: Server, count: int) -> Iterator[None]:
    """Hold connections open whose bodies have all stalled."""
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(_begun(server)) for _ in range(count)]
        yield
        for client in clients:
            client.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                raise AssertionError(f"a body did not stay stalled: {client.recv(1000)!r}")


def _begun(server: Server) -> socket.socket:
    host, _, port = server.http_address.rpartition(":")
    client = socket.create_connection((host, int(port)), timeout=60)
    client.sendall(SENT)
    return client


def _is_ready(server: Server) -> bool:
    with contextlib.closing(http_callers.connect(server.http_address)) as connection:
        return http_callers.get(connection, "/readyz").status == http.client.OK


def _life_seconds() -> float:
    """Return how long a stalled body lives."""
    settings = {"RUNTIME_REQUEST_TIMEOUT": f"{TIMEOUT_SECONDS}s"}
    with serving.warm(**settings) as server, contextlib.closing(_begun(server)) as client:
        began = time.monotonic()
        assert client.recv(1000).startswith(b"HTTP/1.1 408 ")
        return time.monotonic() - began


def _findings(arguments: argparse.Namespace, found: _Found, life: float) -> Findings:
    counts = {
        "stalled bodies": arguments.bodies,
        "healthy calls": found.answered,
        "health checks": arguments.checks,
    }
    each = found.grown_bytes / 1024 / arguments.bodies
    goals = [
        Goal("healthy calls that failed", found.failed, at_most=0),
        Goal("health checks that failed", found.unhealthy, at_most=0),
        Goal("the front's memory for a stalled body", each, "KiB", at_most=MAX_KIB_A_BODY),
        Goal("life of a stalled body at a timeout of 1 s", life, "s", at_most=MAX_LIFE_SECONDS),
    ]
    return Findings(counts, goals)


EXPERIMENT = Experiment(
    "slow-bodies",
    "A thousand HTTP requests whose bodies never come cost other callers nothing, and come to an "
    "end.",
    describe,
    run,
)
