import signal
import time

import pytest

from tests.support import models
from tests.support.callers import Callers
from tests.support.forms import by_day
from tests.support.processes import alive, wait_until
from tests.support.servers import PREDICT, SERVING, assert_bit_exact, failure, request

PAUSE_SECONDS = 0.5


@pytest.fixture
def waiting(tmp_path):
    """A model directory whose ``infer`` is a coroutine function, beside a plain function."""
    return models.write_waiting(tmp_path / "waiting")


@pytest.fixture
def serve(launch, waiting):
    """Serve that model with settings of the test's choosing; ends with the test."""
    servers = []

    def start(**settings):
        servers.append(launch(waiting, **settings))
        return servers[-1].wait_serving()

    yield start
    for server in servers:
        server.end()


@pytest.fixture
def begin(dial):
    """Return a function that begins calls of a server, and returns their futures."""

    def begin(server, *whats, timeout=60.0, **details):
        call = dial(server).unary_unary(PREDICT, None, None)
        return [call.future(request(what, **details), timeout=timeout) for what in whats]

    return begin


def codes(futures):
    """Wait for the answers, and return their statuses."""
    return [future.code().name for future in futures]


@pytest.mark.parametrize(
    ("what", "signature", "count", "settings"),
    [
        (f"pause {PAUSE_SECONDS}", "infer", 64, {}),
        (f"sleep {PAUSE_SECONDS}", "plain", 10, {"RUNTIME_CONCURRENCY": "10"}),
    ],
)
def test_calls_that_wait_do_so_together(serve, begin, what, signature, count, settings):
    """One worker answers all of them in about the time of one, not one after the other."""
    server = serve(**settings)
    assert codes(begin(server, "", signature=signature)) == ["OK"]
    started = time.monotonic()
    assert codes(begin(server, *[what] * count, signature=signature)) == ["OK"] * count
    assert time.monotonic() - started < PAUSE_SECONDS * count / 2
    assert len(server.workers) == 1


def test_many_callers_are_answered_by_a_loop_and_threads(serve, begin):
    """Each gets its own answer, to the last bit, while others wait in both."""
    server = serve(RUNTIME_CONCURRENCY="8", RUNTIME_WORKERS="2")
    wait_until(lambda: len(server.workers) == 2, "both workers")
    waiting = begin(server, *["until gate"] * 4)
    waiting += begin(server, *["await gate"] * 4, signature="plain")
    with Callers(server.address) as callers:
        callers.wait_answers(500)
        server.note("gate").touch()
    assert codes(waiting) == ["OK"] * 8
    assert callers.failures == []


def test_a_coroutine_that_nobody_waits_for_is_cancelled(serve, dial, begin):
    """At its deadline, or when its client goes; the worker and its other calls go on."""
    server = serve()
    before = server.workers
    beside = begin(server, "until gate")
    assert failure(dial(server), request("pause 1000"), timeout=0.3).status == "DEADLINE_EXCEEDED"
    wait_until(lambda: server.runs("cancelled") == 1, "the late call's end")
    [gone] = begin(server, "note began then pause 1000")
    wait_until(lambda: server.runs("began"), "the call to run")
    gone.cancel()
    wait_until(lambda: server.runs("cancelled") == 2, "the end of the call without a client")
    server.note("gate").touch()
    assert codes(beside) == ["OK"]
    assert server.workers == before
    assert "Traceback" not in server.log


def test_a_blocked_loop_is_replaced_and_its_other_calls_run_again(serve, begin):
    """Nothing of such a worker moves; the call that blocks it fails, and no other."""
    server = serve(RUNTIME_HANG_GRACE="100ms")
    [hung] = server.workers
    others = begin(server, *["note other then until gate"] * 5)
    wait_until(lambda: server.runs("other") == 5, "the others to run")
    assert codes(begin(server, "loop", timeout=1.0)) == ["DEADLINE_EXCEEDED"]
    wait_until(lambda: not alive(hung), "the hung worker's end")
    server.note("gate").touch()
    assert codes(others) == ["OK"] * 5
    assert server.health() == SERVING
    assert "stayed busy past a call's deadline" in server.log
    assert server.runs("other") == 10


def test_a_thread_that_hangs_beside_others_that_move_harms_none(serve, begin):
    """They are answered by the same worker, which is replaced once nothing of it moves."""
    server = serve(RUNTIME_CONCURRENCY="4", RUNTIME_HANG_GRACE="5s")
    [hung] = server.workers
    hanging = begin(server, "note began then sleep 1000", timeout=1.0, signature="plain")
    wait_until(lambda: server.runs("began"), "the call to run")
    for _ in range(20):
        assert codes(begin(server, "sleep 0.1", signature="plain")) == ["OK"]
    assert codes(hanging) == ["DEADLINE_EXCEEDED"]
    assert server.workers == [hung]
    wait_until(lambda: not alive(hung), "the hung worker's end")
    server.wait_serving()
    assert codes(begin(server, "", signature="plain")) == ["OK"]


@pytest.mark.parametrize(
    ("what", "wait", "signature"),
    by_day(
        [
            (what, *kind)
            for what in ("exit 3", "segfault")
            for kind in (("until", "infer"), ("await", "plain"))
        ],
        ("segfault", "until", "infer"),
        ("exit 3", "await", "plain"),
    ),
)
def test_a_crash_fails_none_that_ran_beside_its_cause(serve, begin, what, wait, signature):
    """Each is tried once more, alone, so that a second crash hits its cause only."""
    server = serve(RUNTIME_CONCURRENCY="16")
    innocents = begin(server, *[f"note innocent then {wait} gate"] * 10, signature=signature)
    wait_until(lambda: server.runs("innocent") == 10, "the innocent ones to run")
    poison = begin(server, f"note poison then {what}", signature=signature)
    wait_until(lambda: server.runs("poison") >= 1, "the first crash")
    server.note("gate").touch()
    assert codes(innocents) == ["OK"] * 10
    assert codes(poison) == ["INTERNAL"]
    assert "2 worker processes ended on this request" in poison[0].details()
    assert server.runs("poison") == 2
    assert server.runs("innocent") == 20
    again = begin(server, f"note poison then {what}", signature=signature)
    assert codes(again) == ["INTERNAL"]
    assert "this very request has ended worker processes" in again[0].details()
    assert server.runs("poison") == 2


def test_many_poisonous_requests_harm_no_other(serve, begin):
    """Several at once that each end their process, beside callers of both kinds."""
    server = serve(RUNTIME_CONCURRENCY="8", RUNTIME_WORKERS="2")
    with Callers(server.address, 16) as others:
        poison = begin(server, *["exit 3", "segfault"], timeout=100)
        assert codes(poison) == ["INTERNAL"] * 2
        others.wait_answers(64)
    assert others.failures == []


def test_a_drain_waits_for_all_that_runs(serve, begin):
    """Calls on the loop and in threads are answered, and then the model is closed on its loop."""
    server = serve(RUNTIME_CONCURRENCY="8", RUNTIME_DRAIN_DELAY="0s")
    running = begin(server, *["note began then until gate"] * 4)
    running += begin(server, *["note began then await gate"] * 4, signature="plain")
    wait_until(lambda: server.runs("began") == 8, "all to run")
    server.signal(signal.SIGTERM)
    server.wait_log("shutting down")
    server.note("gate").touch()
    assert codes(running) == ["OK"] * 8
    assert server.wait() == 0
    assert server.runs("unloaded") == 1
    wait_until(lambda: not server.processes, "no process left")


def test_a_drain_ends_what_runs_on(serve, begin):
    """Past its time, coroutines are cancelled, so that they can tidy up, and the model closed."""
    server = serve(
        RUNTIME_DRAIN_DELAY="0s", RUNTIME_DRAIN_TIMEOUT="500ms", RUNTIME_CONNECTION_AGE="1s"
    )
    running = begin(server, "note began then pause 1000")
    wait_until(lambda: server.runs("began"), "the call to run")
    server.signal(signal.SIGTERM)
    assert server.wait() == 0
    assert codes(running) == ["UNAVAILABLE"]
    assert (server.runs("cancelled"), server.runs("unloaded")) == (1, 1)


def test_lines_of_the_log_say_which_call_they_are_of(serve, dial):
    """The user's own and the service's: those of several calls are mixed."""
    server = serve()
    call = dial(server).unary_unary(PREDICT, None, None)
    futures = [
        call.future(
            request(f"log began then until gate then raise {name}"),
            timeout=60,
            metadata=[("x-request-id", f"call-{name}")],
        )
        for name in ("a", "b")
    ]
    wait_until(lambda: server.log.count("began") == 2, "both to run")
    server.note("gate").touch()
    assert codes(futures) == ["INTERNAL"] * 2
    for name in ("a", "b"):
        assert f"began id=call-{name}" in server.log
        server.wait_log(f"the model raised id=call-{name}")


def test_a_worker_that_is_a_thread_runs_calls_at_once_too(serve, begin):
    """RUNTIME_WORKERS=0, for debugging."""
    server = serve(RUNTIME_WORKERS="0", RUNTIME_CONCURRENCY="4")
    waiting = begin(server, *["note began then until gate"] * 2)
    waiting += begin(server, *["note began then await gate"] * 2, signature="plain")
    wait_until(lambda: server.runs("began") == 4, "all to run")
    server.note("gate").touch()
    assert codes(waiting) == ["OK"] * 4
    server.signal(signal.SIGINT)
    assert server.wait() == 0


def test_a_stateful_model_runs_one_call_at_a_time(serve, begin):
    """Coroutine function or not: each call may change what the next one answers."""
    server = serve(RUNTIME_STATEFUL="1", RUNTIME_CONCURRENCY="8")
    assert "RUNTIME_CONCURRENCY=8 has no effect: the model is stateful" in server.log
    first = begin(server, "note began then until gate")
    wait_until(lambda: server.runs("began") == 1, "the first to run")
    others = begin(server, *["note began then pause 0.01"] * 3)
    server.note("gate").touch()
    assert codes(first + others) == ["OK"] * 4
    assert server.runs("began") == 4


def test_a_fork_in_a_thread_or_on_the_loop_harms_nothing(serve, dial):
    """A child that comes back from the model's code is ended, as in any worker."""
    server = serve(RUNTIME_CONCURRENCY="4")
    before = server.workers
    for signature in ("infer", "plain"):
        answer = dial(server).unary_unary(PREDICT, None, None)
        assert answer(request("fork 5", signature=signature), timeout=30)
    assert server.workers == before
    assert_bit_exact(dial(server))
