"""Overload: offer a service more than it can answer; it must go on answering what it can in time.

The model sleeps, so that its peak is known and leaves the machine to the front and to the clients:
with 10 ms a call, about 95 calls a second, and ten times that is what one process can offer on
schedule even beside the service. Every call carries its client's deadline, and the model notes of
each how late it was run. At last the model stalls now and then, which makes calls expire in the
queue: those must not be run.
"""

import argparse
import asyncio
import collections
import contextlib
import http.client
import threading
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import grpc

from experiments.reliability import calling, open_loop, serving
from experiments.reliability.experiment import Experiment, Findings, Goal
from experiments.reliability.open_loop import (
    LATE,
    OK,
    REFUSED,
    WRONG,
    GrpcTarget,
    HttpTarget,
    Load,
    Target,
)
from tests.support import http_callers, models
from tests.support.servers import CHECK, SERVING, Server, channel

CONTRACT = """
signatures:
  - name: infer
    inputs:
      x: {shape: [-1], type: double}
      due: {shape: [-1], type: double}
      stall: {shape: [-1], type: double}
    outputs:
      y: {shape: [-1], type: double}
"""
MODEL = """
import time

notes = open("runs", "a", buffering=1)

def infer(x, due, stall):
    now = time.monotonic()
    notes.writelines("%f\\n" % (now - latest) for latest in due[::2])
    time.sleep({seconds} + stall.max())
    return {{"y": x * x / 3 + 1}}
"""
PROBE_SECONDS, PROBE_TIMEOUT_SECONDS = 0.1, 1.0
# The deadline of calls that measure the peak: none is missed.
PATIENT_SECONDS = 10.0
# At half of the peak, one call of so many stalls.
STALL_EVERY = 50
# The service learns of a deadline as what is left of it, and counts from when that arrives.
ON_THE_WAY_SECONDS = 0.1
# In percent of the peak, by how many times the peak is offered.
LEAST_GOODPUT = {2: 95, 10: 90}
EXPECTED = {OK, REFUSED, LATE}


class Prober:
    """Asks for health all the time while it is entered, as Kubernetes would."""

    def __init__(self, address: str) -> None:
        self.asked = self.answered = 0
        self.address = address
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._probe, daemon=True)

    def __enter__(self) -> "Prober":
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._stopped.set()
        self._thread.join()

    def _probe(self) -> None:
        with channel(self.address) as connection:
            check = connection.unary_unary(CHECK, None, None)
            while not self._stopped.wait(PROBE_SECONDS):
                self.asked += 1
                with contextlib.suppress(grpc.RpcError):
                    self.answered += check(b"", timeout=PROBE_TIMEOUT_SECONDS) == SERVING


class HttpProber(Prober):
    """Asks for it over HTTP."""

    def _probe(self) -> None:
        with contextlib.closing(http_callers.connect(self.address, PROBE_TIMEOUT_SECONDS)) as it:
            while not self._stopped.wait(PROBE_SECONDS):
                self.asked += 1
                try:
                    self.answered += http_callers.get(it, "/readyz").status == http.client.OK
                except OSError:
                    it.close()


class Level(NamedTuple):
    """What came of one load: so many times the peak, which was measured just before."""

    times: float
    peak: float
    load: Load
    prober: Prober


def describe(parser: argparse.ArgumentParser) -> None:
    """Add the experiment's arguments."""
    add = parser.add_argument
    add("--times", type=float, nargs="+", default=[1, 2, 5, 10], help="loads, in peaks")
    add("--seconds", type=float, default=60, help="how long each load lasts (default 60)")
    add("--peak-seconds", type=float, default=20, help="how long to measure the peak (default 20)")
    add("--call-ms", type=float, default=10, help="how long the model sleeps a call (default 10)")
    add("--batch", type=int, default=1, help="RUNTIME_MAX_BATCH_SIZE (default 1)")
    add("--deadline-ms", type=float, default=500, help="deadline of every call (default 500)")
    add("--seed", type=int, default=8, help="of the times at which calls are sent (default 8)")
    calling.add_protocol(parser)


def run(arguments: argparse.Namespace, tell: Callable[[str], None]) -> Findings:
    """Measure the peak, then each load; all other settings are the defaults."""
    source = MODEL.format(seconds=arguments.call_ms / 1000)
    settings = {"RUNTIME_MAX_BATCH_SIZE": str(arguments.batch), "RUNTIME_LOG_CALLS": "0"}
    with serving.served(lambda root: models.write(root, source, CONTRACT), **settings) as server:
        levels, stalls = asyncio.run(_measure(server, arguments, tell))
        lateness = [float(line) for line in server.note("runs").read_text().splitlines()]
    return _findings(levels, stalls, lateness)


async def _measure(
    server: Server, arguments: argparse.Namespace, tell: Callable[[str], None]
) -> tuple[list[Level], Level]:
    """Return what came of each load, and of one that is light while the model stalls."""
    deadline, is_http = arguments.deadline_ms / 1000, arguments.protocol == calling.HTTP
    address = server.http_address if is_http else server.address
    kind = HttpTarget if is_http else GrpcTarget
    target, stalling = kind(address, deadline), kind(address, deadline, STALL_EVERY)
    try:
        levels = [await _try(target, times, arguments, tell) for times in arguments.times]
        return levels, await _try(stalling, 0.5, arguments, tell)
    finally:
        await target.close()
        await stalling.close()


async def _try(
    target: Target, times: float, arguments: argparse.Namespace, tell: Callable[[str], None]
) -> Level:
    patient = type(target)(target.address, PATIENT_SECONDS)
    callers = 4 * arguments.batch
    peak = (await open_loop.saturate(patient, arguments.peak_seconds, callers)).goodput
    await patient.close()
    is_http = arguments.protocol == calling.HTTP
    with (HttpProber if is_http else Prober)(target.address) as prober:
        load = await open_loop.offer(target, times * peak, arguments.seconds, arguments.seed)
    tell(f"{times * peak:.0f} a second, {times:g} times the peak: {load.goodput:.0f} in time")
    return Level(times, peak, load, prober)


def _findings(levels: list[Level], stalls: Level, lateness: list[float]) -> Findings:
    everything = [*levels, stalls]
    answers = [answer for level in everything for answer in level.load.answers]
    refusals = [answer.seconds for answer in answers if answer.status == REFUSED]
    expired = sum(answer.status == LATE for answer in stalls.load.answers)
    asked = sum(level.prober.asked for level in everything)
    answered = sum(level.prober.answered for level in everything)
    lags = [lag for level in levels for lag in level.load.lags]
    goals = [*_goodput(levels),
        Goal("rejections, 99th percentile", _p99_ms(refusals), "ms", at_most=50),
        Goal("calls that expired while the model stalled", expired, at_least=1),
        Goal("calls run after their deadline", sum(s > ON_THE_WAY_SECONDS for s in lateness),
             at_most=0),
        Goal("health checks answered", 100 * answered / asked, "%", at_least=100),
        Goal("wrong answers", sum(answer.status == WRONG for answer in answers), at_most=0),
        Goal("other statuses", sum(a.status not in {*EXPECTED, WRONG} for a in answers), at_most=0),
        Goal("calls sent late, 99th percentile", _p99_ms(lags), "ms", at_most=50),
    ]  # fmt: skip
    counts = {"calls": len(answers), "refused": len(refusals), "run": len(lateness),
              "health checks": asked}  # fmt: skip
    return Findings(counts, goals, _figures(levels, stalls, lateness))


def _goodput(levels: list[Level]) -> Iterator[Goal]:
    """Hold each load against its bound; those without one are told with the figures."""
    for level in levels:
        if level.times in LEAST_GOODPUT:
            share = 100 * level.load.goodput / level.peak
            what = f"goodput at {level.times:g} times the peak"
            yield Goal(what, share, "% of the peak", at_least=LEAST_GOODPUT[level.times])


def _figures(levels: list[Level], stalls: Level, lateness: list[float]) -> dict[str, Any]:
    return {
        "latest start after a deadline, ms": round(1000 * max(lateness), 1),
        "loads": [_row(level) for level in levels],
        "stalls": _row(stalls),
    }


def _row(level: Level) -> dict[str, Any]:
    load = level.load
    good = [answer.seconds for answer in load.answers if answer.status == OK]
    refused = [answer.seconds for answer in load.answers if answer.status == REFUSED]
    return {
        "times": level.times,
        "peak a second": round(level.peak, 1),
        "calls": len(load.answers),
        "in time a second": round(load.goodput, 1),
        "answers": dict(collections.Counter(answer.status for answer in load.answers)),
        "answered ms": serving.spread(good),
        "refused ms": serving.spread(refused),
        "sent late ms": serving.spread(load.lags),
        "others": [answer for answer in load.answers if answer.status not in EXPECTED][:9],
    }


def _p99_ms(seconds: list[float]) -> float | None:
    return serving.spread(seconds).get("p99")


EXPERIMENT = Experiment(
    "overload",
    "Under more load than it can answer, the service answers what it can in time, refuses the "
    "rest at once, runs nothing in vain, and stays healthy.",
    describe,
    run,
)
