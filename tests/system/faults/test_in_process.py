import signal

import pytest

from tests.support import models
from tests.support.callers import Callers
from tests.support.processes import wait_until
from tests.support.servers import NOT_SERVING, PREDICT, SERVING, assert_bit_exact, failure, request

IN_PROCESS = {"RUNTIME_WORKERS": "0"}


@pytest.fixture(scope="module")
def server(launch, tmp_path_factory):
    """A server that runs the model in the front's own process."""
    model = models.write_obedient(tmp_path_factory.mktemp("model") / "obedient")
    return launch(model, **IN_PROCESS).wait_serving()


@pytest.fixture
def connection(server, dial):
    """A channel to it."""
    return dial(server)


def test_there_is_one_process(server, connection):
    """RUNTIME_WORKERS=0 answers as ever, without any worker process."""
    assert_bit_exact(connection)
    assert server.processes == [server.front]


@pytest.mark.parametrize(
    ("what", "status", "details"),
    [
        ("raise oh no", "INTERNAL", "ValueError('oh no')"),
        ("quit 3", "INTERNAL", "SystemExit(3)"),
        ("child import os; os.abort()", "INTERNAL", "CalledProcessError(-6,"),
        ("return nothing", "OUT_OF_RANGE", 'output "y" is missing'),
    ],
)
def test_errors_are_the_same(connection, what, status, details):
    """What the model does wrong is told as by a worker process, and the service lives on."""
    told = failure(connection, request(what))
    assert told.status == status
    assert details in told.details
    assert_bit_exact(connection)


def test_a_bad_request_is_the_same(connection):
    """A request that breaks the contract is told as by a worker process."""
    assert failure(connection, b"\xff").status == "INVALID_ARGUMENT"
    assert_bit_exact(connection)


def test_a_deadline_is_kept(server, connection):
    """A call that sleeps past its deadline is answered then, and later calls after it."""
    assert failure(connection, request("await gate"), timeout=1.0).status == "DEADLINE_EXCEEDED"
    server.wait_log("status=DEADLINE_EXCEEDED")
    assert server.health() == SERVING
    server.note("gate").touch()
    assert_bit_exact(connection)


def test_many_callers_are_served(server):
    """Under load no call fails and every answer is exact."""
    with Callers(server.address) as callers:
        callers.wait_answers(320)
    assert callers.failures == []


def test_sigterm_drains(serve, dial):
    """SIGTERM finishes what runs, unloads the model and exits with 0."""
    server = serve(RUNTIME_DRAIN_DELAY="300ms", RUNTIME_CONNECTION_AGE="300ms", **IN_PROCESS)
    running = (
        dial(server)
        .unary_unary(PREDICT, None, None)
        .future(request("note begun then await gate"), timeout=60)
    )
    wait_until(lambda: server.runs("begun"), "the call to run")
    server.signal(signal.SIGTERM)
    wait_until(lambda: server.health() in (NOT_SERVING, b""), "NOT_SERVING")
    server.note("gate").touch()
    assert running.code().name == "OK"
    assert server.wait() == 0
    assert server.runs("unloaded") == 1


def test_a_failed_load_ends_it(launch, obedient):
    """A model that cannot be loaded ends the process with one message."""
    (obedient / "files" / "src" / "func_main.py").write_text("raise ValueError('bad')")
    server = launch(obedient, **IN_PROCESS)
    assert server.wait() == 1
    assert server.log.count("ValueError: bad (files/src/func_main.py:1") == 1


def test_sigterm_while_loading_ends_it(launch, obedient):
    """SIGTERM before the model has loaded ends the process with 0, even if it never would."""
    (obedient / "files" / "src" / "func_main.py").write_text("import time; time.sleep(1000)")
    server = launch(obedient, **IN_PROCESS)
    server.wait_log("loading")
    server.signal(signal.SIGTERM)
    assert server.wait() == 0


@pytest.mark.parametrize("what", ["loop", "sleep 1000"])
def test_a_hung_model_does_not_hold_up_the_end(serve, dial, what):
    """A call that never ends holds the end up until RUNTIME_DRAIN_TIMEOUT at most."""
    server = serve(RUNTIME_DRAIN_TIMEOUT="500ms", **IN_PROCESS)
    failure(dial(server), request(what), timeout=0.3)
    server.signal(signal.SIGINT)
    assert server.wait() == 0
