"""Large requests in a small container: what has no room is refused, and the container lives.

The service runs in a control group with a limit of memory, as a container does, and with the
settings of malloc that images have. Its model answers with as much as it is sent, which costs the
most. Callers send large requests all at once, each on a connection of its own: the four of 32 MiB
that once ended a container of 512 MiB, and more of the largest size that the service says it takes.
"""

import argparse
import collections
import re
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import grpc
import numpy as np

from experiments.reliability import serving
from experiments.reliability.experiment import Experiment, Findings, Goal
from serving_runtime.client import decode_response, encode_request
from serving_runtime.system.memory import OF_IMAGES
from tests.support import models
from tests.support.control_group import MemoryGroup, memory_group
from tests.support.servers import PREDICT, SERVING, Server, channel

MIB = 1 << 20
CONTRACT = """
signatures:
  - name: infer
    inputs: {x: {shape: [-1], type: double}}
    outputs: {y: {shape: [-1], type: double}}
"""
MODEL = "def infer(x):\n    return {'y': x + 1}\n"
# The size of the report, and the largest.
REPORTED_MIB = 32
CALL_SECONDS = 120
LARGE = (("grpc.max_send_message_length", -1), ("grpc.max_receive_message_length", -1))
_LARGEST = re.compile(r"RUNTIME_MAX_MESSAGE_BYTES (\d+) MiB")
OK, REFUSED, WRONG = "OK", "RESOURCE_EXHAUSTED", "wrong answer"


class Burst(NamedTuple):
    """Requests that came at once: how large, how many, and what became of them and of the group."""

    limit_mib: int
    size_mib: float
    callers: int
    outcomes: dict[str, int]
    kills: int
    is_alive: bool
    peak_mib: float


def describe(parser: argparse.ArgumentParser) -> None:
    """Add the experiment's arguments."""
    add = parser.add_argument
    add("--limits", type=int, nargs="+", default=[256, 512, 2048], help="of the container, in MiB")
    add("--callers", type=int, nargs="+", default=[4, 16], help="requests at once (default 4 16)")
    add("--times", type=int, default=20, help="bursts of each kind (default 20)")


def run(arguments: argparse.Namespace, tell: Callable[[str], None]) -> Findings:
    """Send the bursts to a service with each limit."""
    bursts: list[Burst] = []
    for limit in arguments.limits:
        with memory_group(limit * MIB) as group:
            bursts += _with_limit(group, limit, arguments, tell)
    return _findings(bursts)


def _with_limit(
    group: MemoryGroup, limit: int, arguments: argparse.Namespace, tell: Callable[[str], None]
) -> list[Burst]:
    bursts = []
    with serving.served(
        lambda root: models.write(root, MODEL, CONTRACT), group.prefix, **OF_IMAGES
    ) as server:
        server.wait_log("memory: ")
        largest = int(_LARGEST.findall(server.log)[-1])
        for callers in arguments.callers:
            for size in (REPORTED_MIB, largest - 1 / 16):
                for _ in range(arguments.times):
                    bursts.append(_burst(server, group, limit, size, callers))
                    if not bursts[-1].is_alive:
                        tell(f"{limit} MiB: the container has ended: {bursts[-1]}")
                        return bursts
                tell(f"{limit} MiB, {callers} of {size:g} MiB: {bursts[-1]}")
    return bursts


def _burst(server: Server, group: MemoryGroup, limit: int, size: float, callers: int) -> Burst:
    group.reset_peak()
    kills = group.kills
    x = np.arange(int(size * MIB) // 8, dtype=float)
    payload = encode_request("infer", {"x": x}, as_content=True)
    with ThreadPoolExecutor(callers) as pool:
        told = pool.map(lambda _: _outcome(server.address, payload, x), range(callers))
        outcomes = dict(collections.Counter(told))
    return Burst(
        limit, size, callers, outcomes, group.kills - kills, _is_alive(server),
        round(group.peak_bytes / MIB, 1),
    )  # fmt: skip


def _is_alive(server: Server) -> bool:
    """Return whether the service answers rightly, once what it has no room for has gone."""
    x = np.arange(4.0)
    payload = encode_request("infer", {"x": x}, True)
    until = time.monotonic() + CALL_SECONDS
    while not server.has_ended and time.monotonic() < until:
        outcome = _outcome(server.address, payload, x)
        if outcome != REFUSED:
            return outcome == OK and server.health() == SERVING
        time.sleep(0.05)
    return False


def _outcome(address: str, payload: bytes, x: "np.ndarray") -> str:
    with channel(address, *LARGE) as connection:
        call = connection.unary_unary(PREDICT, None, None)
        try:
            reply = call(payload, timeout=CALL_SECONDS)
        except grpc.RpcError as error:
            return str(error.code().name)
    return OK if np.array_equal(decode_response(reply)["y"], x + 1) else WRONG


def _findings(bursts: list[Burst]) -> Findings:
    outcomes: collections.Counter[str] = collections.Counter()
    for burst in bursts:
        outcomes.update(burst.outcomes)
    others = {status: count for status, count in outcomes.items() if status not in (OK, REFUSED)}
    goals = [
        Goal("containers that ended", sum(not burst.is_alive for burst in bursts), at_most=0),
        Goal("processes that the kernel ended", sum(burst.kills for burst in bursts), at_most=0),
        Goal("wrong answers", outcomes[WRONG], at_most=0),
        Goal("answers other than the right one, and RESOURCE_EXHAUSTED", sum(others.values()),
             at_most=0),
        *_answered(bursts),
    ]  # fmt: skip
    counts = {"bursts": len(bursts), "requests": sum(outcomes.values()), "answered": outcomes[OK],
              "refused": outcomes[REFUSED]}  # fmt: skip
    return Findings(counts, goals, {"by limit": _rows(bursts), "other statuses": others})


def _answered(bursts: list[Burst]) -> list[Goal]:
    """Hold the service to answering some of each burst that it has room for."""
    goals = []
    for limit in dict.fromkeys(burst.limit_mib for burst in bursts):
        largest = [b for b in bursts if b.limit_mib == limit and b.size_mib != REPORTED_MIB]
        least = min((burst.outcomes.get(OK, 0) for burst in largest), default=0)
        goals.append(Goal(f"answered of each burst of the largest size, at {limit} MiB, at least",
                          least, at_least=1))  # fmt: skip
    return goals


def _rows(bursts: list[Burst]) -> list[dict[str, object]]:
    rows = []
    for kind in dict.fromkeys((b.limit_mib, b.size_mib, b.callers) for b in bursts):
        of_kind = [b for b in bursts if (b.limit_mib, b.size_mib, b.callers) == kind]
        total: collections.Counter[str] = collections.Counter()
        for burst in of_kind:
            total.update(burst.outcomes)
        rows.append({
            "limit MiB": kind[0], "request MiB": kind[1], "at once": kind[2],
            "bursts": len(of_kind), "outcomes": dict(total),
            "peak MiB": max(burst.peak_mib for burst in of_kind),
            "kills": sum(burst.kills for burst in of_kind),
        })  # fmt: skip
    return rows


EXPERIMENT = Experiment(
    "memory",
    "However many large requests come at once, a container with little memory lives: what there is "
    "no room for is refused.",
    describe,
    run,
)
