"""Requests that end whatever process runs them, one of a hundred: nobody else loses a call.

Each of them is sent twice. The first time it may end two workers, since the first end may have had
another cause; then it is known, and the second time it must be refused without ending any. How
often the model ran it is what the model itself notes, just before it ends its process.
"""

import argparse
import random
import time
from collections.abc import Callable
from typing import NamedTuple

from experiments.reliability import calling, serving
from experiments.reliability.experiment import Experiment, Findings, Goal
from tests.support.callers import Callers
from tests.support.servers import Failure, Server

# For the reason that the experiment `kills` has, connections do not grow old.
SETTINGS = {"RUNTIME_LOG_CALLS": "0", "RUNTIME_CONNECTION_AGE": "1h"}
MAX_BURNT = 2
ENDS = ("segfault", "exit 0", "exit 3")
PROGRESS_REQUESTS = 20
FAILURE_SECONDS = 60.0


class Poisoning(NamedTuple):
    """What came of one request that ends its process, sent twice.

    ``burnt`` and ``burnt_again`` are how many workers it ended, ``seconds`` and ``seconds_again``
    how long its answers took.
    """

    answer: Failure
    burnt: int
    seconds: float
    answer_again: Failure
    burnt_again: int
    seconds_again: float


def describe(parser: argparse.ArgumentParser) -> None:
    """Add the experiment's arguments."""
    add = parser.add_argument
    add("--poison", type=int, default=200, help="requests that end a process (default 200)")
    add("--innocent", type=int, default=100,
        help="other requests for each of them, at least (default 100)")  # fmt: skip
    add("--clients", type=int, default=8, help="clients that send the others (default 8)")
    add("--seed", type=int, default=1, help="of the choice of ends (default 1)")
    calling.add_protocol(parser)


def run(arguments: argparse.Namespace, tell: Callable[[str], None]) -> Findings:
    """Send one such request after the other while clients call."""
    how = calling.of(arguments)
    with serving.obedient(**SETTINGS) as server, how.connect(server) as connection:

        def fail(deed: str) -> Failure:
            return how.failure(connection, deed, FAILURE_SECONDS)

        with how.callers(server, arguments.clients) as innocents:
            poisonings = _poison_all(server, fail, innocents, arguments, tell)
            innocents.wait_answers(arguments.innocent)
        ended = serving.ends(server)
    return _findings(poisonings, innocents, ended, arguments)


def _poison_all(
    server: Server,
    fail: Callable[[str], Failure],
    innocents: Callers,
    arguments: argparse.Namespace,
    tell: Callable[[str], None],
) -> list[Poisoning]:
    choice, poisonings = random.Random(arguments.seed), []
    for number in range(arguments.poison):
        poisonings.append(_quarantine(server, fail, f"ran-{number}", choice.choice(ENDS)))
        innocents.wait_answers(arguments.innocent)
        if (number + 1) % PROGRESS_REQUESTS == 0:
            tell(f"{number + 1} poison requests, {innocents.answered} others answered, "
                 f"{len(innocents.failures)} failed")  # fmt: skip
    return poisonings


def _quarantine(server: Server, fail: Callable[[str], Failure], name: str, end: str) -> Poisoning:
    deed, began = f"note {name} then {end}", time.monotonic()
    first = fail(deed)
    between, burnt = time.monotonic(), server.runs(name)
    second = fail(deed)
    again = server.runs(name) - burnt
    return Poisoning(first, burnt, between - began, second, again, time.monotonic() - between)


def _findings(
    poisonings: list[Poisoning], innocents: Callers, ended: int, arguments: argparse.Namespace
) -> Findings:
    answers = [each.answer.status for each in poisonings]
    answers += [each.answer_again.status for each in poisonings]
    goals = [
        Goal("innocent requests lost", len(innocents.failures), at_most=0),
        Goal("poison requests answered INTERNAL", answers.count("INTERNAL"),
             at_least=2 * arguments.poison),
        Goal("workers ended by a poison request, at most", max(each.burnt for each in poisonings),
             at_least=1, at_most=MAX_BURNT),
        Goal("workers ended by poison requests that were sent again",
             sum(each.burnt_again for each in poisonings), at_most=0),
    ]  # fmt: skip
    counts = {
        "poison requests": len(poisonings),
        "innocent requests": innocents.answered + len(innocents.failures),
        "worker ends": ended,
    }
    return Findings(counts, goals, _figures(poisonings, innocents))


def _figures(poisonings: list[Poisoning], innocents: Callers) -> dict[str, object]:
    return {
        "answered in, ms": serving.spread([each.seconds for each in poisonings]),
        "refused in, ms": serving.spread([each.seconds_again for each in poisonings]),
        "details": poisonings[0].answer.details,
        "details again": poisonings[0].answer_again.details,
        "first failures": [list(failure) for failure in innocents.failures[:20]],
        "settings": {**SETTINGS, "RUNTIME_WORKERS": serving.WORKERS},
    }


EXPERIMENT = Experiment(
    "poison",
    "a request that ends its process harms nobody else, and ends at most two",
    describe,
    run,
)
