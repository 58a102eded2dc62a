"""Idle connections: many times more than the service has descriptors, from clients that stay.

Whoever is shown out for saying nothing connects again at once, so that none is ever free.
"""

import argparse
import resource
import signal
import time
from collections.abc import Callable
from typing import NamedTuple

from experiments.reliability import serving
from experiments.reliability.experiment import Experiment, Findings, Goal
from tests.support import models
from tests.support.callers import OWN_CONNECTION, Callers
from tests.support.hostile.crowd import MAX_DESCRIPTORS, PREFIX, Crowd, wait_full
from tests.support.memory import Peak
from tests.support.processes import wait_until
from tests.support.servers import SERVING, Server

OWN_DESCRIPTORS = 512  # of this process, beside one for each idle client
MAX_NEWCOMER_SECONDS = 10
MAX_GROWTH_MB = 64


def describe(parser: argparse.ArgumentParser) -> None:
    """Add the experiment's arguments."""
    add = parser.add_argument
    add("--connections", type=int, default=5000, help="that are idle (default 5000)")
    add("--seconds", type=float, default=30, help="for which they stay, at least (default 30)")
    add("--callers", type=int, default=8, help="who were connected before (default 8)")
    add("--calls", type=int, default=20_000, help="that they have answered (default 20000)")
    add("--transport", default="auto", help="RUNTIME_GRPC_TRANSPORT (default auto)")


def run(arguments: argparse.Namespace, tell: Callable[[str], None]) -> Findings:
    """Take every descriptor, and call over connections from before; then leave, and end it."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = arguments.connections + OWN_DESCRIPTORS
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, max(most, wanted)))
    settings = {"RUNTIME_GRPC_TRANSPORT": arguments.transport, "RUNTIME_CONNECTION_AGE": "1h"}
    with serving.served(models.write_obedient, PREFIX, **settings) as server:
        found = _call_beside(server, arguments, tell)
        server.signal(signal.SIGTERM)
        code = server.wait()
    return _findings(arguments, found, code)


class _Found(NamedTuple):
    answered: int
    failed: int
    returned: int
    newcomer_seconds: float
    grown_mb: float


def _call_beside(
    server: Server, arguments: argparse.Namespace, tell: Callable[[str], None]
) -> _Found:
    peak = Peak(server.front)
    with Callers(server.address, arguments.callers, options=(OWN_CONNECTION,)) as callers:
        with Crowd(server.address, arguments.connections) as crowd:
            wait_full(server.front)
            tell(f"{arguments.connections} idle connections: no descriptor is left")
            began, wanted = time.monotonic(), callers.answered + arguments.calls
            while time.monotonic() < began + arguments.seconds or callers.answered < wanted:
                callers.wait_answers(1)
                time.sleep(0.1)
            tell(f"{callers.answered} answers, {crowd.returned} shown out and back")
        left = time.monotonic()
        wait_until(lambda: server.health() == SERVING, "a newcomer to be served", 120)
        newcomer_seconds = time.monotonic() - left
    grown_mb = peak.grown_bytes / 2**20
    return _Found(
        callers.answered, len(callers.failures), crowd.returned, newcomer_seconds, grown_mb
    )


def _findings(arguments: argparse.Namespace, found: _Found, code: int) -> Findings:
    counts = {
        "idle connections": arguments.connections,
        "descriptors": MAX_DESCRIPTORS,
        "shown out": found.returned,
        "calls meanwhile": found.answered,
    }
    goals = [
        Goal("calls that failed", found.failed, at_most=0),
        Goal("until a newcomer is served, once they leave", found.newcomer_seconds, "s",
             at_most=MAX_NEWCOMER_SECONDS),
        Goal("the front's growth", found.grown_mb, "MB", at_most=MAX_GROWTH_MB),
        Goal("exit code after SIGTERM", code, at_most=0, at_least=0),
    ]  # fmt: skip
    return Findings(counts, goals)


EXPERIMENT = Experiment(
    "idle-connections",
    "Connections that say nothing, many more than there are descriptors, cost callers nothing.",
    describe,
    run,
)
