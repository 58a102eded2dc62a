import os
import signal

import pytest

from tests.support.callers import Callers
from tests.support.forms import by_day
from tests.support.processes import wait_until
from tests.support.servers import PREDICT, SERVING, assert_bit_exact, failure, request

CALLERS = 32
ENDS = {
    "exit 3": "exited with code 3",
    "exit 0": "exited with code 0",
    "segfault": "was killed by SIGSEGV",
    "child import os; os.kill(os.getppid(), 9)": "was killed by SIGKILL",
    "leave-child 4": "exited with code 4",
}


def assert_replaced(server, count, before):
    """Wait until ``count`` workers other than ``before`` serve, and nothing else is left."""
    wait_until(
        lambda: len(server.workers) == count and not set(before) & set(server.workers),
        f"{count} new workers",
    )
    wait_until(
        lambda: set(server.processes) == {server.front, *server.workers}, "no stray processes"
    )


def kill(server, victim):
    """Kill a worker and wait until it is gone: on a busy machine it lives on for a while."""
    os.kill(victim, signal.SIGKILL)
    wait_until(lambda: victim not in server.workers, "the killed worker to be gone")


@pytest.mark.parametrize(
    ("what", "workers"),
    by_day(
        [*((what, 1) for what in ENDS), ("exit 3", 2), ("segfault", 2)],
        ("segfault", 1),
        ("leave-child 4", 1),
        ("exit 3", 2),
    ),
)
def test_a_crash_is_noticed_by_its_cause_alone(serve, dial, what, workers):
    """While 32 others are served, a call that ends its process fails alone, and learns how."""
    server = serve(RUNTIME_WORKERS=str(workers))
    wait_until(lambda: len(server.workers) == workers, "all workers")
    before = server.workers
    with Callers(server.address, CALLERS) as others:
        status, details = failure(dial(server), request(f"note runs then {what}"))
        others.wait_answers(4 * CALLERS)
    assert (status, others.failures) == ("INTERNAL", [])
    assert ENDS[what] in details
    assert server.runs() in (2, 3), "once with others, if any, and once alone on another worker"
    if workers == 1:
        assert_replaced(server, workers, before)
    assert server.health() == SERVING
    assert_bit_exact(dial(server))


@pytest.mark.parametrize("workers", by_day([1, 2], 2))
def test_workers_killed_from_outside_cost_no_call(serve, workers):
    """Ten workers killed under load, one after the other, lose not one call."""
    server = serve(RUNTIME_WORKERS=str(workers))
    with Callers(server.address, CALLERS) as callers:
        for _ in range(10):
            wait_until(lambda: len(server.workers) == workers, "all workers")
            kill(server, server.workers[0])
            # By then every call that this kill hit has been answered.
            callers.wait_answers(4 * CALLERS)
    assert callers.failures == []
    wait_until(lambda: server.log.count("was killed by SIGKILL") >= 10, "all ends to be told")
    assert server.log.count("was killed by SIGKILL") == 10


def test_many_poisonous_requests_harm_no_other(serve, dial):
    """Several calls at once that each end their process all fail, and 32 other callers' do not."""
    server = serve(RUNTIME_WORKERS="2")
    call = dial(server).unary_unary(PREDICT, None, None)
    with Callers(server.address, CALLERS) as others:
        poison = [call.future(request("exit 3"), timeout=100) for _ in range(4)]
        assert [future.code().name for future in poison] == ["INTERNAL"] * 4
        others.wait_answers(4 * CALLERS)
    assert others.failures == []


def test_a_poisonous_request_harms_none_that_it_is_stacked_with(serve, dial):
    """Innocent requests that wait with one that crashes, in one batch, are all answered."""
    server = serve()
    connection = dial(server)
    call = connection.unary_unary(PREDICT, None, None)
    blocker = call.future(request("note blocked then await gate"), timeout=60)
    wait_until(lambda: server.runs("blocked"), "the worker to be busy")
    innocents = [call.future(request("note innocent"), timeout=60) for _ in range(10)]
    poison = call.future(request("note poison then segfault"), timeout=60)
    innocents += [call.future(request("note innocent"), timeout=60) for _ in range(10)]
    server.note("gate").touch()
    assert [future.code().name for future in [blocker, *innocents]] == ["OK"] * 21
    assert poison.code().name == "INTERNAL"
    assert "was killed by SIGSEGV" in poison.details()
    assert server.runs("poison") == 2
    assert server.runs("innocent") <= 40
    assert_bit_exact(connection)


def test_a_raising_request_harms_none_that_it_is_stacked_with(serve, dial):
    """Innocent requests that wait with one that raises, in one batch, are all answered."""
    server = serve()
    connection = dial(server)
    call = connection.unary_unary(PREDICT, None, None)
    blocker = call.future(request("note blocked then await gate"), timeout=60)
    wait_until(lambda: server.runs("blocked"), "the worker to be busy")
    futures = [call.future(request(what), timeout=60) for what in ["", "raise me", ""]]
    server.note("gate").touch()
    assert [future.code().name for future in futures] == ["OK", "INTERNAL", "OK"]
    assert futures[1].details() == "ValueError('me')"
    assert blocker.code().name == "OK"


def test_a_fork_that_ends_badly_is_the_models_own_affair(serve, dial):
    """A child that the model forks may crash without the worker's connection being harmed."""
    server = serve()
    before = server.workers
    assert_bit_exact(dial(server))
    assert dial(server).unary_unary(PREDICT, None, None)(request("fork 5"), timeout=30)
    assert server.workers == before


def test_a_worker_that_forks_and_ends_is_noticed(serve, dial):
    """A worker's end is noticed although a child of its own still holds its connection open."""
    server = serve()
    code = "import os, time; os.fork() and os.kill(os.getppid(), 9); time.sleep(1000)"
    assert "was killed by SIGKILL" in failure(dial(server), request(f"child {code}")).details
    wait_until(lambda: set(server.processes) == {server.front, *server.workers}, "no strays")
    assert_bit_exact(dial(server))
