import os
import signal

from tests.support.callers import Callers
from tests.support.processes import alive, wait_until
from tests.support.servers import PREDICT, assert_bit_exact, request


def test_a_stopped_worker_is_ended_once_a_deadline_has_passed(serve, dial):
    """SIGSTOP, as a debugger or a freezer sends it: the other worker answers everybody else."""
    server = serve(RUNTIME_WORKERS="2", RUNTIME_HANG_GRACE="100ms", RUNTIME_CONNECTION_AGE="1h")
    wait_until(lambda: server.log.count(" serves ") == 2, "both workers")
    call = dial(server).unary_unary(PREDICT, None, None)
    # Callers without a deadline come only now that the worker to be stopped holds one that has.
    awaiting = request("note begun then await gate")
    futures = [call.future(awaiting, timeout=4) for _ in range(2)]
    wait_until(lambda: server.runs("begun") == 2, "a call in each worker")
    victim = server.workers[0]
    os.kill(victim, signal.SIGSTOP)
    server.note("gate").touch()
    with Callers(server.address, 4) as others:
        statuses = sorted(future.code().name for future in futures)
        wait_until(lambda: not alive(victim), "the end of the stopped worker")
        others.wait_answers(32)
    assert statuses == ["DEADLINE_EXCEEDED", "OK"]
    assert others.failures == []
    assert "stayed busy past a call's deadline" in server.log
    wait_until(lambda: server.log.count(" serves ") == 3, "another worker")
    assert_bit_exact(dial(server))


def test_a_stopped_worker_that_goes_on_in_time_is_left_alone(serve, dial):
    """A machine that was frozen for a while has not lost a call."""
    server = serve()
    (worker,) = server.workers
    call = dial(server).unary_unary(PREDICT, None, None)
    running = call.future(request("note begun then sleep 0.1"), timeout=30)
    wait_until(lambda: server.runs("begun"), "the call to run")
    os.kill(worker, signal.SIGSTOP)
    waiting = [call.future(request(), timeout=30) for _ in range(8)]
    os.kill(worker, signal.SIGCONT)
    assert [future.code().name for future in [running, *waiting]] == ["OK"] * 9
    assert server.workers == [worker]
