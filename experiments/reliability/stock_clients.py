"""Clients of other languages, with their libraries' defaults, whose connections are asked to move.

A service asks each connection to move when it is of age, all through its life, and more of them
when servers restart. All clients call at the same time, small requests and large ones: some
libraries keep only small ones to send them again (grpc-js: 1 MiB). Each client runs twice: as it
comes, and with the service config that lets it try again, which docs/clients.md shows.
"""

import argparse
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import Popen
from typing import Any, NamedTuple

import numpy as np

from experiments.reliability import serving, stock_callers
from experiments.reliability.experiment import Experiment, Findings, Goal
from experiments.reliability.restarts import Replicas
from experiments.reliability.stock_callers import Caller, Load, Outcome
from serving_runtime.client import encode_request
from serving_runtime.settings import Settings
from tests.support import models
from tests.support.balancer import Balancer
from tests.support.processes import wait_until
from tests.support.servers import PREDICT, Server, channel

FUNCTION = "def infer(x):\n    return {'y': x.sum(axis=1)}\n"
CONTRACT = """
name: infer
inputs: {x: {shape: [-1, 4], type: float64}}
outputs: {y: {shape: [-1], type: float64}}
"""
ROWS = {"small": 1, "large": 100_000}  # of 32 bytes each
LANES = {"small": 4, "large": 2}
AS_IT_COMES, WITH_CONFIG = "as it comes", "with the service config"


class Try(NamedTuple):
    """One client with one size of request, and whether it may try again."""

    caller: Caller
    size: str
    retries: bool

    @property
    def name(self) -> str:
        """What the document calls it."""
        return f"{self.caller.name}, {self.size}, {WITH_CONFIG if self.retries else AS_IT_COMES}"


def describe(parser: argparse.ArgumentParser) -> None:
    """Add the experiment's arguments."""
    add = parser.add_argument
    default = Settings.from_env({}).connection_age_seconds
    names = ",".join(stock_callers.BY_NAME)
    add("--clients", default=names, help=f"which (default {names})")
    add("--seconds", type=float, default=120, help="of normal life, for each (default 120)")
    add("--restarts", type=int, default=16, help="servers that are replaced (default 16)")
    add("--age", default=f"{default:g}s", help=f"RUNTIME_CONNECTION_AGE (default {default:g}s)")


def run(arguments: argparse.Namespace, tell: Callable[[str], None]) -> Findings:
    """Call in normal life, and while servers restart one after the other."""
    callers = [stock_callers.BY_NAME[name] for name in arguments.clients.split(",")]
    for caller in callers:
        caller.build()
    settings = {"RUNTIME_CONNECTION_AGE": arguments.age, "RUNTIME_WORKERS": "1"}
    found: dict[str, dict[str, Outcome]] = {}
    for size in ROWS:
        for retries in (False, True):
            tries = [Try(caller, size, retries) for caller in callers]
            found.setdefault("normal life", {}).update(
                _in_normal_life(tries, settings, arguments.seconds)
            )
            tell(_told("normal life", tries, found))
            if arguments.restarts:
                found.setdefault("restarts", {}).update(
                    _in_restarts(tries, settings, arguments.restarts)
                )
                tell(_told("restarts", tries, found))
    return _findings(found, arguments)


def _in_normal_life(
    tries: list[Try], settings: dict[str, str], seconds: float
) -> dict[str, Outcome]:
    served = serving.served(_write_model, **settings)
    with tempfile.TemporaryDirectory() as folder, served as server:
        load = _load(Path(folder), tries[0].size, server, seconds)
        running = _started(tries, server.address, load)
        return _outcomes(running, load)


def _in_restarts(tries: list[Try], settings: dict[str, str], count: int) -> dict[str, Outcome]:
    with tempfile.TemporaryDirectory() as folder:
        replicas = Replicas(Path(folder), settings, _write_model)
        try:
            with Balancer(replicas.servers) as balancer:
                _wait_used(balancer)
                load = _load(Path(folder), tries[0].size, replicas.servers[0], seconds=1e9)
                seconds = _seconds_of(count, settings)
                load = load._replace(seconds=seconds)
                running = _started(tries, balancer.address, load)
                for number in range(count):
                    replicas.replace(number % len(replicas.servers))
                    _wait_used(balancer)
                return _outcomes(running, load)
        finally:
            replicas.end()


def _started(tries: list[Try], address: str, load: Load) -> dict[str, "Popen[bytes]"]:
    return {each.name: each.caller.start(address, load, each.retries) for each in tries}


def _outcomes(running: dict[str, "Popen[bytes]"], load: Load) -> dict[str, Outcome]:
    return {name: stock_callers.outcome_of(process, load) for name, process in running.items()}


def _write_model(folder: Path) -> Path:
    return models.write(folder, FUNCTION, CONTRACT)


def _seconds_of(restarts: int, settings: dict[str, str]) -> float:
    """Return about how long so many restarts take, with what a start takes."""
    known = Settings.from_env(settings)
    return restarts * (known.drain_delay_seconds + 1.1 * known.connection_age_seconds + 2)


def _load(folder: Path, size: str, server: Server, seconds: float) -> Load:
    """Write a request and its right answer, which the service gives once."""
    rows = ROWS[size]
    payload = encode_request("infer", {"x": np.ones((rows, 4))}, as_content=True)
    with channel(server.address, ("grpc.max_receive_message_length", -1)) as connection:
        reply = connection.unary_unary(PREDICT, None, None)(payload, timeout=60)
    request_file, reply_file = folder / f"{size}.request", folder / f"{size}.reply"
    request_file.write_bytes(payload)
    reply_file.write_bytes(reply)
    return Load(PREDICT, request_file, reply_file, seconds, LANES[size])


def _wait_used(balancer: Balancer) -> None:
    wait_until(lambda: all(map(balancer.is_used, balancer.servers)), "healthy servers")


def _told(where: str, tries: list[Try], found: dict[str, dict[str, Outcome]]) -> str:
    parts = []
    for each in tries:
        outcome = found[where][each.name]
        how = "".join(f" ({count} {text})" for text, count in outcome.failed.items())
        parts.append(f"{each.name}: {outcome.answered} answered, {_lost(outcome)} lost{how}")
    return f"{where}: " + "; ".join(parts)


def _lost(outcome: Outcome) -> int:
    return sum(outcome.failed.values())


def _goals(found: dict[str, dict[str, Outcome]]) -> Iterator[Goal]:
    for where, outcomes in found.items():
        for name, outcome in outcomes.items():
            has_config = name.endswith(WITH_CONFIG)
            is_kept = has_config or "grpc-js" not in name
            yield Goal(f"{where}, {name}: lost of {outcome.answered + _lost(outcome)}",
                       _lost(outcome), at_most=0 if is_kept else None)  # fmt: skip


def _findings(found: dict[str, dict[str, Outcome]], arguments: argparse.Namespace) -> Findings:
    everything = [outcome for outcomes in found.values() for outcome in outcomes.values()]
    counts = {
        "clients": len(arguments.clients.split(",")),
        "calls": sum(outcome.answered + _lost(outcome) for outcome in everything),
        "restarts": arguments.restarts * len(ROWS) * 2,
    }
    return Findings(counts, list(_goals(found)), _figures(found, arguments))


def _figures(found: dict[str, dict[str, Outcome]], arguments: argparse.Namespace) -> dict[str, Any]:
    return {
        "RUNTIME_CONNECTION_AGE": arguments.age,
        "how calls were lost": {
            where: {name: outcome.failed for name, outcome in outcomes.items() if outcome.failed}
            for where, outcomes in found.items()
        },
    }


EXPERIMENT = Experiment(
    "stock-clients",
    "Clients of other languages lose no call when their connections are asked to move, in normal "
    "life and while servers restart, with the service config for those that need it.",
    describe,
    run,
)
