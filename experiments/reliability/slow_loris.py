"""Slow-loris: calls that begin and never go on must cost others nothing, and end some time.

Half of them send their headers alone, the others some bytes of a request too. Another service
shows how long such a call lives whose client set no deadline: until its connection is too old, and
from then on as long as a running call may take (RUNTIME_REQUEST_TIMEOUT).
"""

import argparse
import contextlib
import time
from collections.abc import Callable, Iterator

from experiments.reliability import serving
from experiments.reliability.experiment import Experiment, Findings, Goal
from experiments.reliability.stalling import Beside, describe_callers, findings
from tests.support.callers import OWN_CONNECTION, Callers
from tests.support.hostile.frames import stalled
from tests.support.hostile.http2 import Client
from tests.support.memory import Peak
from tests.support.servers import SERVING, Server

SENT = b"\0\0\0\0\x54 not all of it"
AGE_SECONDS, TIMEOUT_SECONDS = 0.5, 1.0
# Core spreads ages by a tenth, and we give running calls a second more than their longest time.
MAX_LIFE_SECONDS = AGE_SECONDS * 1.1 + TIMEOUT_SECONDS + 1 + 1


def describe(parser: argparse.ArgumentParser) -> None:
    """Add the experiment's arguments."""
    add = parser.add_argument
    add("--streams", type=int, default=1000, help="stalled at the same time (default 1000)")
    add("--connections", type=int, default=10, help="that they are spread over (default 10)")
    describe_callers(parser)
    add("--transport", default="auto", help="RUNTIME_GRPC_TRANSPORT (default auto)")


def run(arguments: argparse.Namespace, tell: Callable[[str], None]) -> Findings:
    """Stall the streams, and call beside them; then see how long one lives."""
    with serving.warm(
        RUNTIME_GRPC_TRANSPORT=arguments.transport, RUNTIME_CONNECTION_AGE="1h"
    ) as server:
        found = _call_beside(server, arguments)
    tell(found.line)
    life = _life_seconds(arguments.transport)
    tell(f"a stalled stream lived {life:.1f} s")
    goal = Goal("life of a stalled stream at an age of 500 ms and a timeout of 1 s", life, "s",
                at_most=MAX_LIFE_SECONDS)  # fmt: skip
    counts = {"stalled streams": arguments.streams, "connections": arguments.connections}
    return findings(counts, "stalled stream", found, arguments.checks, goal)


def _call_beside(server: Server, arguments: argparse.Namespace) -> Beside:
    peak, workers = Peak(server.front), server.workers
    callers = Callers(server.address, arguments.callers, options=(OWN_CONNECTION,))
    with _stalled(server, arguments) as clients, callers:
        callers.wait_answers(arguments.calls)
        unhealthy = sum(server.health() != SERVING for _ in range(arguments.checks))
        assert all(client.is_open for client in clients), "streams did not stay stalled"
    assert server.workers == workers, "a worker was lost"
    return Beside(callers.answered, len(callers.failures), unhealthy, peak.grown_bytes)


@contextlib.contextmanager
def _stalled(server: Server, arguments: argparse.Namespace) -> Iterator[list[Client]]:
    """Hold connections open whose streams have all stalled."""
    each = -(-arguments.streams // arguments.connections)
    with contextlib.ExitStack() as stack:
        clients = []
        for number in range(arguments.connections):
            clients.append(stack.enter_context(Client(server.address)))
            clients[-1].settle()
            assert clients[-1].send_raw(stalled(each, SENT if number % 2 else b""))
        yield clients


def _life_seconds(transport: str) -> float:
    """Return how long a stalled stream of a client without a deadline lives."""
    settings = {
        "RUNTIME_GRPC_TRANSPORT": transport,
        "RUNTIME_CONNECTION_AGE": f"{AGE_SECONDS}s",
        "RUNTIME_REQUEST_TIMEOUT": f"{TIMEOUT_SECONDS}s",
    }
    with serving.warm(**settings) as server, Client(server.address) as client:
        began = time.monotonic()
        client.outcome(client.begin())
        return time.monotonic() - began


EXPERIMENT = Experiment(
    "slow-loris",
    "A thousand calls whose requests never come cost other callers nothing, and come to an end.",
    describe,
    run,
)
