import os
import signal

import pytest

from tests.support.forms import by_day
from tests.support.processes import alive, wait_until
from tests.support.servers import PREDICT, assert_bit_exact, failure, request
from tests.support.targets import TWO_WORKERS


def noted(server, name):
    """Return the process id that the model has noted."""
    return int(server.note(name).read_text(encoding="utf-8"))


@pytest.mark.parametrize("workers", ["1", TWO_WORKERS])
@pytest.mark.parametrize("end", by_day(["exit 3", "segfault", "loop"], "segfault", "loop"))
def test_what_a_worker_started_in_another_session_ends_with_it(serve, dial, workers, end):
    """A child that called setsid is out of its worker's group, and yet does not outlive it."""
    server = serve(RUNTIME_WORKERS=workers, RUNTIME_HANG_GRACE="100ms")
    failure(dial(server), request(f"daemon one then {end}"), timeout=5.0)
    wait_until(lambda: not alive(noted(server, "one")), "the end of what the worker had started")
    assert_bit_exact(dial(server))


@pytest.mark.parametrize("workers", ["1", TWO_WORKERS])
def test_what_a_worker_started_lives_as_long_as_the_worker(serve, dial, workers):
    """The end of one worker is none of another's children's business."""
    server = serve(RUNTIME_WORKERS=workers)
    wait_until(lambda: len(server.workers) == int(workers), "all workers")
    connection = dial(server)
    connection.unary_unary(PREDICT, None, None)(request("daemon kept"), timeout=30)
    failure(connection, request("child import os; os.kill(os.getpid(), 9)"))
    assert alive(noted(server, "kept"))
    assert_bit_exact(connection)


def test_nothing_in_another_session_survives_the_service(serve, dial):
    """SIGTERM ends the service, its workers, and what those have started."""
    server = serve(RUNTIME_WORKERS="2", RUNTIME_DRAIN_DELAY="0s")
    assert dial(server).unary_unary(PREDICT, None, None)(request("daemon last"), timeout=30)
    server.signal(signal.SIGTERM)
    server.signal(signal.SIGTERM)
    assert server.wait() == 0
    wait_until(lambda: not server.processes, "no process left")


def test_another_workers_children_survive_a_kill(serve, dial):
    """Of two workers, the one that is killed takes its own children along, and no other's."""
    server = serve(RUNTIME_WORKERS="2")
    wait_until(lambda: len(server.workers) == 2, "both workers")
    connection = dial(server)
    call = connection.unary_unary(PREDICT, None, None)
    first = call.future(request("daemon first then note busy then await gate"), timeout=60)
    wait_until(lambda: server.runs("busy"), "one worker to be busy")
    call(request("daemon second"), timeout=30)
    wait_until(lambda: server.note("second").exists(), "the other's child")
    (idle,) = [pid for pid in server.workers if pid != _parent_of(noted(server, "first"))]
    os.kill(idle, signal.SIGKILL)
    wait_until(lambda: not alive(noted(server, "second")), "the end of its child")
    assert alive(noted(server, "first"))
    server.note("gate").touch()
    assert first.code().name == "OK"


def _parent_of(pid):
    with open(f"/proc/{pid}/stat", encoding="utf-8") as stat:
        return int(stat.read().rpartition(")")[2].split()[1])
