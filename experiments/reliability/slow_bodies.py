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

from experiments.reliability import serving
from experiments.reliability.experiment import Experiment, Findings, Goal
from experiments.reliability.stalling import Beside, describe_callers, findings
from tests.support import http_callers
from tests.support.http_callers import HttpCallers
from tests.support.memory import Peak
from tests.support.servers import Server

SENT = (b"POST /v2/models/obedient/infer HTTP/1.1\r\nHost: a\r\nContent-Length: 4096\r\n\r\n"
        b'{"inputs": [')  # fmt: skip
TIMEOUT_SECONDS = 1.0
# The front looks at its connections twice a second.
MAX_LIFE_SECONDS = TIMEOUT_SECONDS + 0.5 + 1


def describe(parser: argparse.ArgumentParser) -> None:
    """Add the experiment's arguments."""
    add = parser.add_argument
    add("--bodies", type=int, default=1000, help="stalled at the same time (default 1000)")
    describe_callers(parser)


def run(arguments: argparse.Namespace, tell: Callable[[str], None]) -> Findings:
    """Stall the bodies, and call beside them; then see how long one lives."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))  # the service inherits it
    with serving.warm() as server:
        found = _call_beside(server, arguments)
    tell(found.line)
    life = _life_seconds()
    tell(f"a stalled body lived {life:.1f} s")
    goal = Goal("life of a stalled body at a timeout of 1 s", life, "s", at_most=MAX_LIFE_SECONDS)
    counts = {"stalled bodies": arguments.bodies}
    return findings(counts, "stalled body", found, arguments.checks, goal)


def _call_beside(server: Server, arguments: argparse.Namespace) -> Beside:
    with HttpCallers(server.http_address, arguments.callers, moves=False):
        pass
    peak, workers = Peak(server.front), server.workers
    callers = HttpCallers(server.http_address, arguments.callers, moves=False)
    with _stalled(server, arguments.bodies), callers:
        callers.wait_answers(arguments.calls)
        unhealthy = sum(not _is_ready(server) for _ in range(arguments.checks))
    assert server.workers == workers, "a worker was lost"
    return Beside(callers.answered, len(callers.failures), unhealthy, peak.grown_bytes)


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


EXPERIMENT = Experiment(
    "slow-bodies",
    "A thousand HTTP requests whose bodies never come cost other callers nothing, and come to an "
    "end.",
    describe,
    run,
)
