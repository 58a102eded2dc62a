"""Run cases in blocks of 10,000, in processes of their own whose crashes and hangs are outlived."""

import itertools
import multiprocessing
import resource
import signal
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from tests.fuzz import judging
from tests.fuzz.corpus import Case
from tests.fuzz.mutator import Mutator
from tests.fuzz.service import Service

BLOCK_CASES = 10_000
# Most requests come alone; those that come together are of one origin, and may be stacked.
GROUP_SIZES = (1,) * 12 + (4,)
# What a process may map beyond what it has when it begins, and how long a block may take.
MORE_MEMORY_BYTES = 1 << 29
MAX_BLOCK_SECONDS = 600.0


class Find(NamedTuple):
    """Cases that went wrong together, and how."""

    wrong: str
    cases: list[Case]


class Block(NamedTuple):
    """What came of a block: cases answered, by kind; ``grown_bytes``: memory since the start."""

    kinds: Counter[str]
    finds: list[Find]
    golden_requests: int
    grown_bytes: int


def groups(start: int, cases: int) -> Iterator[tuple[int, int]]:
    """Yield the number and the size of each group of the block that begins with ``start``."""
    sizes = itertools.cycle(GROUP_SIZES)
    stop = start + cases
    while start < stop:
        size = min(next(sizes), stop - start)
        yield start, size
        start += size


class Runner:
    """Runs blocks in this process."""

    def __init__(self, seed: int) -> None:
        self._mutator = Mutator(seed)
        self._service = Service()
        self._first_bytes = _resident_bytes()

    def run(self, start: int, cases: int, at: Any) -> Block:
        """Run one block, and the golden requests after it; ``at`` tells where it is."""
        kinds: Counter[str] = Counter()
        finds = []
        for number, size in groups(start, cases):
            at[:] = number, size
            together = self._mutator.group(number, size)
            wrong, answers = self._service.problem(together)
            kinds.update(map(judging.kind, answers))
            if wrong:
                finds.append(Find(wrong, together))
        finds += [Find("golden changed", [case]) for case in self._service.wrong_golden()]
        golden = self._service.golden_requests
        return Block(kinds, finds, golden, _resident_bytes() - self._first_bytes)


class Worker:
    """A process that runs blocks; another takes its place if it crashes or hangs."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._start()

    @property
    def pid(self) -> int:
        """The process."""
        return int(self._process.pid)

    @property
    def at(self) -> tuple[int, int]:
        """The number and the size of the group that the process is at."""
        number, size = self._at
        return number, size

    def run(self, start: int, cases: int) -> Block:
        """Run a block; if the process ends within it, only that is told of the block."""
        self._pipe.send((start, cases))
        try:
            if self._pipe.poll(MAX_BLOCK_SECONDS):
                block: Block = self._pipe.recv()
                return block
            wrong = "hung"
        except (EOFError, ConnectionResetError):
            wrong = "crashed"
        self.end()
        number, size = self.at
        if not size:
            raise RuntimeError("the process could not begin; it has said why")
        found = Find(wrong, Mutator(self._seed).group(number, size))
        self._start()
        return Block(Counter(), [found], 0, 0)

    def end(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.join()
        self._pipe.close()

    def _start(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._at = context.RawArray("Q", 2)
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(
            target=_serve, args=(theirs, self._at, self._seed), daemon=True
        )
        self._process.start()
        theirs.close()


def _serve(pipe: Any, at: Any, seed: int) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent sees to the end
    runner = Runner(seed)
    most = _statm_bytes(0) + MORE_MEMORY_BYTES
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    while True:
        pipe.send(runner.run(*pipe.recv(), at))


def _resident_bytes() -> int:
    return _statm_bytes(1)


def _statm_bytes(field: int) -> int:
    pages = Path("/proc/self/statm").read_text(encoding="ascii").split()
    return int(pages[field]) * resource.getpagesize()
