"""Floods: frames that cost their sender little, in great numbers, beside callers that notice none.

Each kind meets a service of its own, and comes over one connection, whose client has acknowledged
the service's settings.
"""

import argparse
from collections.abc import Callable
from typing import NamedTuple

from experiments.reliability import serving
from experiments.reliability.experiment import Experiment, Findings, Goal
from tests.support.callers import OWN_CONNECTION, Callers
from tests.support.hostile import frames
from tests.support.hostile.http2 import Client
from tests.support.memory import Peak
from tests.support.servers import SERVING, Server

FRONT_TIMES = 4
# What the front may take beside that: of a megabyte, its own coming and going counts.
SLACK_BYTES = 24 * 2**20
FLOOD_SECONDS = 60


def describe(parser: argparse.ArgumentParser) -> None:
    """Add the experiment's arguments."""
    add = parser.add_argument
    add("--frames", type=int, default=100_000, help="of each kind (default 100000)")
    add("--kinds", nargs="*", metavar="NAME", help="of floods (default all)")
    add("--callers", type=int, default=4, help="healthy clients meanwhile (default 4)")
    add("--checks", type=int, default=20, help="of health, beside each flood (default 20)")
    add("--transport", default="auto", help="RUNTIME_GRPC_TRANSPORT (default auto)")


def run(arguments: argparse.Namespace, tell: Callable[[str], None]) -> Findings:
    """Send every flood, one after the other."""
    floods = frames.floods(arguments.frames)
    found = {}
    settings = {"RUNTIME_GRPC_TRANSPORT": arguments.transport, "RUNTIME_CONNECTION_AGE": "1h"}
    for name in arguments.kinds or floods:
        with serving.warm(**settings) as server:
            found[name] = _flood(server, floods[name], arguments)
        tell(f"{name}: {found[name]}")
    return _findings(arguments, found)


class _Found(NamedTuple):
    answered: int
    failed: int
    unhealthy: int
    grown_bytes: int
    beyond_bytes: int


def _flood(server: Server, flood: bytes, arguments: argparse.Namespace) -> _Found:
    peak, workers = Peak(server.front), server.workers
    callers = Callers(server.address, arguments.callers, options=(OWN_CONNECTION,))
    with callers, Client(server.address, FLOOD_SECONDS) as client:
        client.settle()
        client.send_raw(flood)
        unhealthy = sum(server.health() != SERVING for _ in range(arguments.checks))
        callers.wait_answers(100)
    assert server.workers == workers, "a worker was lost"
    grown = peak.grown_bytes
    beyond = max(0, grown - FRONT_TIMES * len(flood) - SLACK_BYTES)
    return _Found(callers.answered, len(callers.failures), unhealthy, grown, beyond)


def _findings(arguments: argparse.Namespace, found: dict[str, _Found]) -> Findings:
    each = found.values()
    counts = {
        "kinds": len(found),
        "frames of each, at most": arguments.frames,
        "healthy calls": sum(one.answered for one in each),
        "health checks": arguments.checks * len(found),
    }
    beyond = max(one.beyond_bytes for one in each)
    goals = [
        Goal("healthy calls that failed", sum(one.failed for one in each), at_most=0),
        Goal("health checks that failed", sum(one.unhealthy for one in each), at_most=0),
        Goal("the front's memory beyond 4 times the wire and 24 MiB", beyond, "bytes", at_most=0),
    ]
    grown = {name: round(one.grown_bytes / 2**20, 1) for name, one in found.items()}
    return Findings(counts, goals, {"the front grew by MiB": grown})


EXPERIMENT = Experiment(
    "floods",
    "Pings, settings, resets and other frames in great numbers keep nobody else from an answer.",
    describe,
    run,
)
