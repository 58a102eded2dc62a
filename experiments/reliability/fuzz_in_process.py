"""Tries millions of requests that are almost right on a worker's code, in process."""

import argparse
import os
import queue
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

from experiments.reliability.experiment import Experiment, Findings, Goal
from tests.fuzz import regressions
from tests.fuzz.blocks import BLOCK_CASES, Block, Worker
from tests.fuzz.tally import Tally

MAX_GROWN_BYTES = 64 << 20
# Fewer, and the parser alone would be tried.
LEAST_PAST_PARSER = 0.6

Progress = Callable[[str], None]


def describe(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("--cases", type=int, default=10_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--regressions", type=Path, default=regressions.FOLDER, metavar="FOLDER",
                        help="where cases that fail are kept")  # fmt: skip


def run(arguments: argparse.Namespace, progress: Progress) -> Findings:
    """Answer all cases, in blocks; after each block the golden requests."""
    tally = Tally(arguments.cases, arguments.regressions, progress)
    blocks = golden = grown = 0
    for block in _blocks(arguments.cases, arguments.seed, arguments.processes):
        tally.add(block.kinds, block.finds)
        blocks += 1
        golden += block.golden_requests
        grown = max(grown, block.grown_bytes)
    counts = {"cases": tally.cases, "blocks": blocks, "golden requests": golden}
    figures = {**tally.figures(), "seed": arguments.seed, "grown_bytes": grown}
    return Findings(counts, _goals(tally, arguments.cases, grown), figures)


def _goals(tally: Tally, cases: int, grown_bytes: int) -> list[Goal]:
    by_parser = tally.kinds["INVALID_ARGUMENT by the parser"]
    past = 1 - by_parser / tally.cases if tally.cases else 0.0
    return [
        Goal("cases answered", tally.cases, at_least=cases),
        Goal("cases that went wrong, or golden answers that changed", tally.wrong.total(),
             at_most=0),
        Goal("cases that came past the parser", past * 100, "%", at_least=LEAST_PAST_PARSER * 100),
        Goal("cases answered with a result", tally.kinds["OK"], at_least=cases // 5),
        Goal("memory of a process, grown", grown_bytes / 2**20, "MiB",
             at_most=MAX_GROWN_BYTES / 2**20),
    ]  # fmt: skip


def _blocks(cases: int, seed: int, processes: int) -> Iterator[Block]:
    """Run all blocks, each in a process that is free; yield each when it is done."""
    workers = [Worker(seed) for _ in range(processes)]
    free: queue.SimpleQueue[Worker] = queue.SimpleQueue()
    for worker in workers:
        free.put(worker)

    def run_one(start: int) -> Block:
        worker = free.get()
        try:
            return worker.run(start, min(BLOCK_CASES, cases - start))
        finally:
            free.put(worker)

    try:
        with ThreadPoolExecutor(processes) as threads:
            starts = range(0, cases, BLOCK_CASES)
            for future in as_completed([threads.submit(run_one, start) for start in starts]):
                yield future.result()
    finally:
        for worker in workers:
            worker.end()


EXPERIMENT = Experiment(
    "fuzz-in-process",
    "Whatever bytes come, a worker answers them with the right status, and nothing is left behind.",
    describe,
    run,
)
