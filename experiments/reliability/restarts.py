"""Rolling restarts: replace the servers behind a balancer in turn, under load, and lose no call.

Over HTTP the balancer is HAProxy, which forwards requests and asks for readiness.

The clients are grpcio's as they come, each with a connection of its own; the balancer forwards
connections, knows nothing of gRPC, and looks at health. The times of the drain are shorter than
the defaults, so that hundreds of restarts take minutes: what ties them together is the same.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from signal import SIGTERM
from typing import Any, NamedTuple

from experiments.benchmarks.server import free_ports
from experiments.reliability import calling, serving
from experiments.reliability.experiment import Experiment, Findings, Goal
from serving_runtime.cli import kubernetes
from serving_runtime.settings import Settings
from tests.support import models
from tests.support.balancer import Balancer
from tests.support.callers import OWN_CONNECTION, Callers
from tests.support.haproxy import Proxy
from tests.support.http_callers import HttpCallers
from tests.support.processes import wait_until
from tests.support.servers import Server

REPLICAS = 2
FIRST_FAILURES = 20
LOG_LETTERS = 2000


class End(NamedTuple):
    """How a server ended: its exit code, the seconds that took, what it left running, its log."""

    code: int
    seconds: float
    orphans: int
    log: str


class Replicas:
    """Servers of one model, of which any can be replaced.

    Args:
        folder: for the model and the servers' output.
        settings: environment variables of every server.
        write: makes the model directory.
    """

    def __init__(
        self,
        folder: Path,
        settings: dict[str, str],
        write: Callable[[Path], Path] = models.write_obedient,
    ) -> None:
        self._folder, self._settings = folder, settings
        self._model = write(folder / "model")
        self.http_ports = free_ports(REPLICAS)
        self.servers = [self._launch(place) for place in range(REPLICAS)]

    def end(self) -> None:
        """End all of them."""
        for server in self.servers:
            server.end()

    def replace(self, place: int) -> End:
        """Stop a server as Kubernetes would, and start another in its place."""
        old = self.servers[place]
        began = time.monotonic()
        old.signal(SIGTERM)
        end = End(old.wait(), time.monotonic() - began, len(old.processes), old.log)
        old.end()
        self.servers[place] = self._launch(place)
        return end

    def _launch(self, place: int) -> Server:
        port = str(self.http_ports[place])
        settings = {"RUNTIME_HTTP_PORT": port, **serving.OBEDIENT, **self._settings}
        return Server(self._model, self._folder, **settings).wait_serving()


def describe(parser: argparse.ArgumentParser) -> None:
    """Add the experiment's arguments."""
    add = parser.add_argument
    add("--restarts", type=int, default=200, help="how many servers are replaced (default 200)")
    add(
        "--requests",
        type=int,
        default=100_000,
        help="how many calls there must be (default 100000)",
    )
    add("--clients", type=int, default=8, help="clients that call all the time (default 8)")
    add("--drain-delay", default="500ms", help="RUNTIME_DRAIN_DELAY (default 500ms)")
    add("--connection-age", default="500ms", help="RUNTIME_CONNECTION_AGE (default 500ms)")
    calling.add_protocol(parser)


def run(arguments: argparse.Namespace, tell: Callable[[str], None]) -> Findings:
    """Replace one server after the other while clients call."""
    settings = {
        "RUNTIME_DRAIN_DELAY": arguments.drain_delay,
        "RUNTIME_CONNECTION_AGE": arguments.connection_age,
        "RUNTIME_LOG_CALLS": "0",
    }
    with tempfile.TemporaryDirectory() as folder:
        replicas = Replicas(Path(folder), settings)
        try:
            ends, callers = _roll(replicas, arguments, tell)
        finally:
            replicas.end()
    return _findings(ends, callers, arguments, settings)


def _roll(
    replicas: Replicas, arguments: argparse.Namespace, tell: Callable[[str], None]
) -> tuple[list[End], Callers]:
    ends = []
    share = arguments.requests // arguments.restarts + 1
    with _balancer(replicas, arguments) as balancer:
        _wait_used(balancer)
        with _callers(balancer.address, arguments) as callers:
            for number in range(arguments.restarts):
                wanted = callers.answered + share
                ends.append(replicas.replace(number % REPLICAS))
                _wait_used(balancer)
                wait_until(lambda: callers.answered >= wanted, "more answers")  # noqa: B023
                tell(f"{number + 1} restarts, {callers.answered} answers, "
                     f"{len(callers.failures)} failures")  # fmt: skip
    return ends, callers


def _balancer(replicas: Replicas, arguments: argparse.Namespace) -> Any:
    if arguments.protocol == calling.GRPC:
        return Balancer(replicas.servers)
    return Proxy(replicas.http_ports, *free_ports(1))


def _callers(address: str, arguments: argparse.Namespace) -> Any:
    if arguments.protocol == calling.GRPC:
        return Callers(address, arguments.clients, options=(OWN_CONNECTION,))
    return HttpCallers(address, arguments.clients, moves=False)


def _wait_used(balancer: Any) -> None:
    wait_until(lambda: all(map(balancer.is_used, balancer.servers)), "healthy servers")


def _findings(
    ends: list[End], callers: Callers, arguments: argparse.Namespace, settings: dict[str, str]
) -> Findings:
    asked = callers.answered + len(callers.failures)
    longest = max(end.seconds for end in ends)
    grace = kubernetes.grace_seconds(Settings.from_env(settings))
    goals = [
        Goal("failed requests", len(callers.failures), at_most=0),
        Goal("requests", asked, at_least=arguments.requests),
        Goal("exit codes other than 0", sum(end.code != 0 for end in ends), at_most=0),
        Goal("processes left behind", sum(end.orphans for end in ends), at_most=0),
        Goal("longest from SIGTERM to the end", longest, "s", at_most=grace),
    ]
    counts = {"restarts": len(ends), "requests": asked, "clients": arguments.clients}
    return Findings(counts, goals, _figures(ends, callers, settings))


def _figures(ends: list[End], callers: Callers, settings: dict[str, str]) -> dict[str, Any]:
    seconds = sorted(end.seconds for end in ends)
    return {
        "settings": settings,
        "seconds from SIGTERM to the end": {
            "median": round(seconds[len(seconds) // 2], 2),
            "most": round(seconds[-1], 2),
        },
        "bad ends": [[end.code, end.log[-LOG_LETTERS:]] for end in ends if end.code],
        "first failures": [list(failure) for failure in callers.failures[:FIRST_FAILURES]],
    }


EXPERIMENT = Experiment(
    "restarts",
    "Servers behind a balancer restart one after the other under load, and no call of clients "
    "with their default settings fails.",
    describe,
    run,
)
