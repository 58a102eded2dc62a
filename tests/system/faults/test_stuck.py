import re
import signal

import grpc
import pytest

from tests.support.processes import wait_until
from tests.support.servers import (
    CHECK,
    NOT_SERVING,
    PREDICT,
    SERVING,
    assert_bit_exact,
    request,
)
from tests.support.services import HealthRequest


@pytest.fixture
def stuck(serve, dial):
    """A server whose every worker has held a call for longer than it may, and those calls."""
    server = serve(RUNTIME_WORKERS="2", RUNTIME_BUSY_UNHEALTHY="1s")
    server.wait_log("worker-2 serves")
    call = dial(server).unary_unary(PREDICT, None, None)
    calls = [
        call.future(request(f"note held{number} then await gate", [float(number)]),
                    metadata=[("x-request-id", f"held-{number}")])
        for number in range(2)
    ]  # fmt: skip
    wait_until(lambda: server.runs("held0") and server.runs("held1"), "both workers to be busy")
    wait_until(lambda: server.health() == NOT_SERVING, "readiness to say so")
    yield server, calls
    server.note("gate").touch()


def health_of(connection, name):
    """Return the bytes of health's answer about a name."""
    asked = HealthRequest(service=name).SerializeToString()
    return connection.unary_unary(CHECK, None, None)(asked, timeout=30)


def test_a_model_that_hangs_is_not_ready_and_alive(stuck, dial):
    """Nobody sends it more, nobody kills it; it is ready again once a worker is free."""
    server, calls = stuck
    connection = dial(server)
    for name, status in (
        ("", NOT_SERVING),
        ("tensorflow.serving.PredictionService", NOT_SERVING),
        ("liveness", SERVING),
        ("container", SERVING),
    ):
        assert health_of(connection, name) == status, name
    with pytest.raises(grpc.RpcError):
        health_of(connection, "readiness")
    server.note("gate").touch()
    assert [call.code().name for call in calls] == ["OK", "OK"]
    wait_until(lambda: server.health() == SERVING, "readiness to be back")
    assert_bit_exact(connection)


def test_calls_without_a_deadline_do_not_hang_without_a_word(stuck):
    """Their ids are in the log while they run, and those of the last that ended are counted."""
    server, calls = stuck
    for number in range(2):
        server.wait_log(f"id=held-{number}")
    assert "every worker has been busy for more than 1 s (RUNTIME_BUSY_UNHEALTHY)" in server.log
    server.note("gate").touch()
    assert [call.code().name for call in calls] == ["OK", "OK"]
    server.signal(signal.SIGINT)
    assert server.wait() == 0
    assert re.search(r"stopped.* long_calls=2 .*times_stuck=1", server.log)
