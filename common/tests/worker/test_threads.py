import functools
import threading

import pytest

from serving_runtime.worker.threads import DaemonThreads

WAIT_SECONDS = 60.0


@pytest.fixture
def gate():
    """Yield what work waits for; opened at the end, so that no thread is left waiting."""
    gate = threading.Event()
    yield gate
    gate.set()


def nothing():
    """Do nothing."""


def test_work_runs_at_once_up_to_the_bound_and_then_waits(gate):
    """Three pieces in two threads: the third begins when another has ended."""
    began, running = threading.Semaphore(0), []

    def work():
        running.append(threading.current_thread().name)
        began.release()
        assert gate.wait(WAIT_SECONDS)

    threads = DaemonThreads(2, nothing)
    for _ in range(3):
        threads.run(work)
    for _ in range(2):
        assert began.acquire(timeout=WAIT_SECONDS)
    assert sorted(running) == ["call-1", "call-2"]
    gate.set()
    threads.finish()
    assert len(running) == 3


def test_work_is_forgotten_before_what_follows_it(gate):
    """Else the memory of a call is not free when that is reported."""
    left = []

    class Payload:
        def __del__(self):
            left.append("payload")

    def work(payload):
        assert gate.wait(WAIT_SECONDS)  # until nobody else has it
        left.append("work")

    threads = DaemonThreads(1, lambda: left.append("after"))

    threads.run(functools.partial(work, Payload()))
    gate.set()
    threads.finish()
    assert left == ["work", "payload", "after"]


def test_finish_waits_for_all_work(gate):
    """A model is closed when no call runs any more."""
    done = []
    threads = DaemonThreads(2, nothing)
    threads.run(lambda: (gate.wait(WAIT_SECONDS), done.append(1)))
    threading.Timer(0.05, gate.set).start()
    threads.finish()
    assert done == [1]


def test_fewer_threads_than_wanted_do(monkeypatch):
    """The system may refuse some, but not all."""
    start, started = threading.Thread.start, []

    def refuse_second(thread):
        if started:
            raise RuntimeError("can't start new thread")
        started.append(thread)
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", refuse_second)
    threads, done, gate = DaemonThreads(2, nothing), [], threading.Event()
    threads.run(lambda: gate.wait(WAIT_SECONDS))
    threads.run(lambda: done.append(1))
    gate.set()
    threads.finish()
    assert done == [1]
    with pytest.raises(RuntimeError, match="new thread"):
        DaemonThreads(2, nothing).run(nothing)
