import time

import pytest

from tests.support import models
from tests.support.callers import Callers
from tests.support.forms import by_day
from tests.support.processes import alive, wait_until
from tests.support.servers import PREDICT, SERVING, assert_bit_exact, expected, failure, request

HANGS = ["loop", "match", "hold 1000", "sleep 1000"]


@pytest.fixture(scope="module")
def hung_server(launch, tmp_path_factory):
    """One server for all ways to hang."""
    model = models.write_obedient(tmp_path_factory.mktemp("model") / "obedient")
    return launch(model, RUNTIME_HANG_GRACE="100ms").wait_serving()


@pytest.mark.parametrize("what", by_day(HANGS, "match", "hold 1000"))
def test_a_hanging_call_ends_at_its_deadline_and_its_worker_is_replaced(hung_server, dial, what):
    """A call that never ends is answered at its deadline of 1 s, and the service goes on."""
    server, connection = hung_server, dial(hung_server)
    assert_bit_exact(connection)
    (hung,) = server.workers
    status, _ = failure(connection, request(what), timeout=1.0)
    assert status == "DEADLINE_EXCEEDED"
    assert_bit_exact(connection)
    wait_until(lambda: not alive(hung), "the hung worker's end")
    assert server.health() == SERVING
    assert set(server.processes) == {server.front, *server.workers}
    server.wait_log("status=DEADLINE_EXCEEDED")
    assert "stayed busy past a call's deadline" in server.log


def test_a_hanging_call_delays_others_but_fails_none(serve, dial):
    """Callers that share a worker with a call that hangs are all answered."""
    server = serve(RUNTIME_HANG_GRACE="100ms")
    with Callers(server.address) as others:
        assert failure(dial(server), request("loop"), timeout=1.0).status == "DEADLINE_EXCEEDED"
        others.wait_answers(128)
    assert others.failures == []


def test_a_call_ends_at_the_services_own_deadline(serve, dial):
    """RUNTIME_REQUEST_TIMEOUT ends a hung call whose client set no deadline, or a longer one."""
    server = serve(RUNTIME_REQUEST_TIMEOUT="700ms", RUNTIME_HANG_GRACE="100ms")
    call = dial(server).unary_unary(PREDICT, None, None).future(request("loop"))
    assert call.code().name == "DEADLINE_EXCEEDED"
    assert call.details() == "the deadline passed before the model answered"
    _, details = failure(dial(server), request("loop"), timeout=100)
    assert details == "the deadline passed before the model answered"


def test_a_call_whose_deadline_passed_in_the_queue_is_never_run(serve, dial):
    """Calls that expire while the worker is busy are answered, and the model never sees them."""
    server = serve()
    call = dial(server).unary_unary(PREDICT, None, None)
    blocker = call.future(request("note blocked then await gate"), timeout=60)
    wait_until(lambda: server.runs("blocked"), "the worker to be busy")
    late = [call.future(request("note late"), timeout=0.2) for _ in range(5)]
    assert {future.code().name for future in late} == {"DEADLINE_EXCEEDED"}
    # A client's clock may be a moment ahead.
    wait_until(lambda: server.log.count("status=DEADLINE_EXCEEDED") == 5, "the front's view")
    server.note("gate").touch()
    assert blocker.code().name == "OK"
    assert_bit_exact(dial(server))
    assert server.runs("late") == 0


def test_a_call_that_expires_within_a_batch_is_never_run(serve, dial):
    """A call whose deadline passes while others of its batch run is not run after them."""
    server = serve(RUNTIME_MAX_BATCH_SIZE="2")
    call = dial(server).unary_unary(PREDICT, None, None)
    blocker = call.future(request("note blocked then await gate"), timeout=60)
    wait_until(lambda: server.runs("blocked"), "the worker to be busy")
    first = call.future(request("note second then await second-gate", [1.0, 2.0]), timeout=60)
    sent = time.monotonic()
    late = call.future(request("note late", [1.0, 2.0]), timeout=1.0)
    server.note("gate").touch()
    wait_until(lambda: server.runs("second"), "the batch to run")
    assert late.code().name == "DEADLINE_EXCEEDED"
    wait_until(lambda: time.monotonic() > sent + 1.2, "the worker's clock to agree")
    server.note("second-gate").touch()
    assert [blocker.code().name, first.code().name] == ["OK", "OK"]
    assert_bit_exact(dial(server))
    assert server.runs("late") == 0


def test_a_slow_worker_that_answers_is_not_killed(serve, dial):
    """A batch whose first calls expire while later ones are answered one by one is let run."""
    server = serve(RUNTIME_HANG_GRACE="2s", RUNTIME_MAX_BATCH_SIZE="14")
    before = server.workers
    call = dial(server).unary_unary(PREDICT, None, None)
    blocker = call.future(request("note blocked then await gate"), timeout=60)
    wait_until(lambda: server.runs("blocked"), "the worker to be busy")
    # Of nine rows each, so that no two are stacked.
    x = [float(number) for number in range(9)]
    hasty = call.future(request("sleep 0.2", x), timeout=0.3)
    slow = [call.future(request("sleep 0.2", x), timeout=60) for _ in range(13)]
    server.note("gate").touch()
    assert hasty.code().name in ("OK", "DEADLINE_EXCEEDED")
    assert {future.code().name for future in [blocker, *slow]} == {"OK"}
    assert server.workers == before
    assert expected(x)[0] == 1.0
