"""Blocks of cases are run whole, and a process that ends within one is noticed."""

import os
import signal
import threading

import pytest

from tests.fuzz import blocks
from tests.fuzz.blocks import Runner, Worker
from tests.fuzz.mutator import Mutator
from tests.support.processes import wait_until


def test_groups_cover_the_block():
    """Every case is in one group, also in a block that ends within a group."""
    found = list(blocks.groups(100, 30))
    assert [number for number, _ in found][:2] == [100, 101]
    assert sum(size for _, size in found) == 30
    assert [start + size for start, size in found] == [start for start, _ in found[1:]] + [130]
    assert max(size for _, size in found) == 4


def test_block_is_run_and_the_golden_requests_after_it():
    """All cases are answered, and it is known which is being run."""
    at = [0, 0]
    block = Runner(1).run(500, 50, at)
    assert block.kinds.total() == 50
    assert block.golden_requests > 200
    assert sum(at) == 550


@pytest.mark.parametrize(
    ("number", "wrong"), [(signal.SIGKILL, "crashed"), (signal.SIGSTOP, "hung")]
)
def test_process_that_ends_or_hangs_is_noticed(monkeypatch, number, wrong):
    """The cases that it was at are told, and another process takes its place."""
    worker = Worker(1)
    assert worker.run(0, 20).finds == []  # its start is not what is timed, on a busy machine
    monkeypatch.setattr(blocks, "MAX_BLOCK_SECONDS", 10.0 if wrong == "hung" else 600.0)
    struck = []

    def strike():
        wait_until(lambda: worker.at[0] >= 100, "the first case")
        os.kill(worker.pid, number)
        struck.append(worker.at)

    thread = threading.Thread(target=strike)
    thread.start()
    try:
        [find] = worker.run(100, 10**6).finds
        thread.join()
        assert find == (wrong, Mutator(1).group(*struck[0]))
        monkeypatch.undo()
        assert worker.run(0, 20).kinds.total() == 20
    finally:
        worker.end()
