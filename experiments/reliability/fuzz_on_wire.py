"""Sends requests that are almost right to the real server, many at a time."""

import argparse
import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from experiments.reliability import serving
from experiments.reliability.experiment import Experiment, Findings, Goal
from tests.fuzz import corpus, echo_model, regressions
from tests.fuzz.blocks import BLOCK_CASES, Find, groups
from tests.fuzz.corpus import Case
from tests.fuzz.judging import Answer
from tests.fuzz.mutator import Mutator
from tests.fuzz.tally import Tally
from tests.fuzz.wire import Caller
from tests.support.servers import SERVING

SETTINGS = {
    "RUNTIME_CONNECTION_AGE": "1h",  # a connection that ages is another experiment's subject
    "RUNTIME_LOG_CALLS": "0",
    "RUNTIME_MAX_EXPANDED_BYTES": str(echo_model.MAX_EXPANDED_BYTES),
}

Golden = dict[Case, Answer]
Progress = Callable[[str], None]


def describe(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("--cases", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=2)
    parser.add_argument("--regressions", type=Path, default=regressions.FOLDER, metavar="FOLDER",
                        help="where cases that fail are kept")  # fmt: skip


def run(arguments: argparse.Namespace, progress: Progress) -> Findings:
    """Send all cases; between blocks of them the golden requests."""
    tally = Tally(arguments.cases, arguments.regressions, progress)
    with serving.served(echo_model.write, **SETTINGS) as server:
        workers = server.workers
        golden = asyncio.run(_send_all(server.address, arguments, tally))
        is_well = not server.has_ended and server.health() == SERVING
        goals = _goals(tally, arguments.cases) + [
            Goal("the server is well", is_well, at_least=1),
            Goal("workers that are not those of the start",
                 len(set(workers) ^ set(server.workers)), at_most=0),
            Goal("tracebacks in the log", server.log.count("Traceback"), at_most=0),
        ]  # fmt: skip
    counts = {"cases": tally.cases, "golden requests": golden}
    return Findings(counts, goals, {**tally.figures(), "seed": arguments.seed})


def _goals(tally: Tally, cases: int) -> list[Goal]:
    return [
        Goal("cases answered", tally.cases, at_least=cases),
        Goal("cases that went wrong, or golden answers that changed", tally.wrong.total(),
             at_most=0),
        Goal("cases answered with a result", tally.kinds["OK"], at_least=cases // 5),
    ]  # fmt: skip


async def _send_all(address: str, arguments: argparse.Namespace, tally: Tally) -> int:
    """Send the cases; returns how many golden requests there were."""
    mutator = Mutator(arguments.seed)
    sent = 0
    async with Caller(address) as caller:
        golden = await _golden(caller)
        for start in range(0, arguments.cases, BLOCK_CASES):
            count = min(BLOCK_CASES, arguments.cases - start)
            tally.add(*await caller.answer_all(_cases(mutator, start, count)))
            again = await _golden(caller)
            changed = [case for case, answer in golden.items() if again[case] != answer]
            tally.add(Counter(), [Find("golden changed", [case]) for case in changed])
            sent += len(again)
    return sent


async def _golden(caller: Caller) -> Golden:
    return {case: await caller.answer(case) for case in corpus.golden()}


def _cases(mutator: Mutator, start: int, count: int) -> Iterator[Case]:
    for number, size in groups(start, count):
        yield from mutator.group(number, size)


EXPERIMENT = Experiment(
    "fuzz-on-wire",
    "Whatever bytes come over the wire, the server answers them with the right status and goes on.",
    describe,
    run,
)
