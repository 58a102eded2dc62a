"""Workers killed under load: no call is lost, and another worker goes on answering meanwhile.

The clients are grpcio's with retries switched off, so that what they see is the service's doing.
How long nobody was answered is told beside the same figure for times without a kill: on a machine
that clients and service share, there are pauses that no kill has caused.
"""

import argparse
import bisect
import os
import random
import time
from collections.abc import Callable, Sequence
from signal import SIGKILL
from typing import Any, NamedTuple

from experiments.reliability import calling, serving
from experiments.reliability.experiment import Experiment, Findings, Goal
from tests.support.callers import Callers
from tests.support.servers import Server

# With retries off, grpcio loses a call now and then (one of 144,403) that a client begins just as
# a connection of some age is closed in good order: no connection may grow so old here.
SETTINGS = {"RUNTIME_LOG_CALLS": "0", "RUNTIME_CONNECTION_AGE": "1h"}
# The longest pause is looked for in so many seconds after each kill, and as many before it.
WINDOW_SECONDS = 0.25
# Between windows, so that what a kill has left to do is not seen before the next one.
EXIT_STATUS_WAIT_SECONDS = 0.1
PROGRESS_KILLS = 50


class Pauses(NamedTuple):
    """The longest time without an answer, in seconds, around each kill."""

    before: list[float]
    after: list[float]


def describe(parser: argparse.ArgumentParser) -> None:
    """Add the experiment's arguments."""
    add = parser.add_argument
    add("--kills", type=int, default=1000, help="workers to kill (default 1000)")
    add("--requests", type=int, default=50_000,
        help="how many calls there must be (default 50000)")  # fmt: skip
    add("--clients", type=int, default=8, help="clients that call all the time (default 8)")
    add("--seed", type=int, default=1, help="of the choice of workers (default 1)")
    calling.add_protocol(parser)


def run(arguments: argparse.Namespace, tell: Callable[[str], None]) -> Findings:
    """Kill one random worker after the other while clients call."""
    with serving.obedient(**SETTINGS) as server:
        with calling.of(arguments).callers(server, arguments.clients) as callers:
            times = _kill_all(server, callers, arguments, tell)
            callers.wait_answers(max(1, arguments.requests - callers.answered))
        serving.wait_workers(server, serving.WORKERS + arguments.kills)
        told = server.log
    return _findings(told, callers, _pauses(sorted(callers.answer_times), times), arguments)


def _kill_all(
    server: Server, callers: Callers, arguments: argparse.Namespace, tell: Callable[[str], None]
) -> list[float]:
    choice, times = random.Random(arguments.seed), []
    for number in range(arguments.kills):
        serving.wait_workers(server, serving.WORKERS + number)
        time.sleep(EXIT_STATUS_WAIT_SECONDS + WINDOW_SECONDS)
        victim = choice.choice(server.workers)
        times.append(time.monotonic())
        os.kill(victim, SIGKILL)
        time.sleep(WINDOW_SECONDS)
        callers.wait_answers(1)
        if (number + 1) % PROGRESS_KILLS == 0:
            tell(f"{number + 1} kills, {callers.answered} answers, "
                 f"{len(callers.failures)} failures")  # fmt: skip
    return times


def _pauses(answers: Sequence[float], kills: Sequence[float]) -> Pauses:
    return Pauses(
        [longest_pause(answers, kill - WINDOW_SECONDS, kill) for kill in kills],
        [longest_pause(answers, kill, kill + WINDOW_SECONDS) for kill in kills],
    )


def longest_pause(answers: Sequence[float], start: float, end: float) -> float:
    """Return the longest time without an answer between two moments, in seconds.

    Args:
        answers: when they came, in order.
        start: of the time that counts.
        end: of the time that counts.
    """
    within = answers[bisect.bisect_left(answers, start) : bisect.bisect_right(answers, end)]
    marks = [start, *within, end]
    return max(later - earlier for earlier, later in zip(marks, marks[1:], strict=False))


def _findings(
    told: str, callers: Callers, pauses: Pauses, arguments: argparse.Namespace
) -> Findings:
    asked = callers.answered + len(callers.failures)
    after = serving.spread(pauses.after)
    goals = [
        Goal("failed or wrong requests", len(callers.failures), at_most=0),
        Goal("requests", asked, at_least=arguments.requests),
        Goal("kills that the service noticed", told.count("was killed by SIGKILL"),
             at_least=arguments.kills, at_most=arguments.kills),
        Goal("replacements that were delayed", told.count("the next try is in"), at_most=0),
        Goal("pause after a kill, 99th percentile", after["p99"], "ms", at_most=100),
    ]  # fmt: skip
    counts = {"kills": arguments.kills, "requests": asked, "clients": arguments.clients}
    figures: dict[str, Any] = {
        "pause after a kill, ms": after,
        "pause without a kill, ms": serving.spread(pauses.before),
        "first failures": [list(failure) for failure in callers.failures[:20]],
        "settings": {**SETTINGS, "RUNTIME_WORKERS": serving.WORKERS},
    }
    return Findings(counts, goals, figures)


EXPERIMENT = Experiment(
    "kills",
    "a worker that is killed costs no call, and the others are answered meanwhile",
    describe,
    run,
)
