import contextlib
import functools
import signal
import subprocess
import threading
import time
from typing import List

import grpc
import pytest

from serving_runtime.server.silence import LONG_ENOUGH_SECONDS
from tests.support import models
from tests.support.balancer import Balancer
from tests.support.callers import OWN_CONNECTION, Callers
from tests.support.forms import by_day
from tests.support.processes import wait_until
from tests.support.servers import (
    NOT_SERVING,
    PREDICT,
    SERVING,
    assert_bit_exact,
    failure,
    model_state,
    request,
)

WATCH = "/grpc.health.v1.Health/Watch"
# Short, so that the tests are; the rules that tie them to each other are those of the defaults.
SHORT = {"RUNTIME_DRAIN_DELAY": "500ms", "RUNTIME_CONNECTION_AGE": "1s"}


def watch(connection, told):
    """Follow health in a thread, as clients' health checking does; fills the list ``told``."""

    def follow():
        with contextlib.suppress(grpc.RpcError):  # at last the server is gone
            for health in connection.unary_stream(WATCH, None, None)(b""):
                told.append(health)

    threading.Thread(target=follow, daemon=True).start()
    wait_until(lambda: told, "the first health")


def assert_ended_cleanly(server):
    """Check that the exit code is 0 and no process is left."""
    assert server.wait() == 0
    wait_until(lambda: not server.processes, "no process left")


def test_clients_that_watch_health_lose_nothing(serve, dial):
    """With all defaults, clients who stop when told NOT_SERVING see no failure, under load too."""
    server = serve()
    told: List[bytes] = []
    watch(dial(server), told)
    with Callers(server.address) as callers:
        server.signal(signal.SIGTERM)
        wait_until(lambda: told[-1] == NOT_SERVING, "NOT_SERVING")
        callers.wait_answers(32)
    assert callers.failures == []
    assert told == [SERVING, NOT_SERVING]
    assert server.runs("unloaded") in (0, 1)
    assert_ended_cleanly(server)


@pytest.mark.parametrize("options", [(), (OWN_CONNECTION,)])
def test_clients_that_never_stop_are_only_ever_refused(serve, options):
    """Who ignores health is served until the port is shut, then refused; nothing is lost."""
    server = serve(**SHORT)
    with Callers(server.address, patient=False, options=options) as callers:
        server.signal(signal.SIGTERM)
        wait_until(lambda: len(callers.failures) == 32, "every caller to be refused")
    assert {failure.status for failure in callers.failures} == {"UNAVAILABLE"}
    refused = [failure for failure in callers.failures if "onnect" in failure.details]
    assert refused == callers.failures
    assert_ended_cleanly(server)


def test_servers_behind_a_balancer_restart_in_turn_without_loss(launch, obedient):
    """Two servers that are restarted one after the other under load lose not one call."""
    servers = [launch(obedient, **SHORT).wait_serving() for _ in range(2)]
    with Balancer(servers) as balancer:
        wait_until(lambda: all(map(balancer.is_used, servers)), "two healthy servers")
        with Callers(balancer.address, options=(OWN_CONNECTION,)) as callers:
            for turn in range(2):
                old = servers[turn]
                old.signal(signal.SIGTERM)
                assert_ended_cleanly(old)
                servers[turn] = launch(obedient, **SHORT).wait_serving()
                wait_until(functools.partial(balancer.is_used, servers[turn]), "the new server")
                callers.wait_answers(64)
    assert callers.failures == []
    for server in servers:
        server.end()


def test_connections_that_age_lose_nothing(serve):
    """A service whose connections are asked to move five times a second loses not one call."""
    server = serve(RUNTIME_CONNECTION_AGE="200ms")
    with Callers(server.address, options=(OWN_CONNECTION,)) as callers:
        callers.wait_answers(2000)
    assert callers.failures == []


def test_a_long_call_ends_well_during_the_drain(serve, dial):
    """A call that runs longer than connections live is answered before the service ends."""
    server = serve(**SHORT)
    call = dial(server).unary_unary(PREDICT, None, None)
    long = call.future(request("note begun then await gate"), timeout=60)
    wait_until(lambda: server.runs("begun"), "the call to run")
    server.signal(signal.SIGTERM)
    wait_until(lambda: not is_listening(server), "the port to be shut")
    assert not server.has_ended
    server.note("gate").touch()
    assert long.code().name == "OK"
    assert_ended_cleanly(server)


def test_clients_that_stay_and_call_nothing_are_not_waited_for(serve, dial):
    """A connection that would live for an hour does not hold up the end, once it is silent."""
    server = serve(RUNTIME_CONNECTION_AGE="1h")
    assert_bit_exact(dial(server))
    server.signal(signal.SIGTERM)
    assert_ended_cleanly(server)


def test_clients_that_go_on_calling_are_served_past_a_silence(serve, dial):
    """Each call begins the wait anew: the service ends only after the last one."""
    server = serve(RUNTIME_CONNECTION_AGE="1h", RUNTIME_DRAIN_DELAY="0s")
    with Callers(server.address, 2, options=(OWN_CONNECTION,)) as callers:
        server.signal(signal.SIGTERM)
        wait_until(lambda: not is_listening(server), "the port to be shut")
        began = time.monotonic()
        wait_until(lambda: time.monotonic() > began + 2 * LONG_ENOUGH_SECONDS, "a long time")
        callers.wait_answers(2)
    assert callers.failures == []
    assert_ended_cleanly(server)


def is_listening(server):
    """Whether the server takes new connections."""
    return server.health() != b""


def test_calls_are_served_while_draining(serve, dial):
    """After SIGTERM, health says NOT_SERVING, and calls of those who have not heard are served."""
    server = serve(RUNTIME_DRAIN_DELAY="60s")
    connection = dial(server)
    server.signal(signal.SIGTERM)
    wait_until(lambda: server.health() == NOT_SERVING, "NOT_SERVING")
    assert model_state(connection) == "UNLOADING"
    assert_bit_exact(connection)
    assert failure(connection, request("exit 3")).status == "INTERNAL"
    assert_bit_exact(connection)
    server.signal(signal.SIGTERM)
    assert_ended_cleanly(server)


def test_only_the_service_itself_is_heard(serve, dial):
    """Through a crash and a drain, standard error has our own lines only, and output is empty."""
    server = serve(**SHORT)
    failure(dial(server), request("exit 3"))
    assert_bit_exact(dial(server))
    server.signal(signal.SIGTERM)
    assert_ended_cleanly(server)
    strange = [line for line in server.log.splitlines() if not line.startswith("20")]
    assert (server.out, strange) == ("", [])


def test_a_second_sigterm_hurries(serve):
    """A second SIGTERM ends the wait for clients."""
    server = serve(RUNTIME_DRAIN_DELAY="10min")
    server.signal(signal.SIGTERM)
    wait_until(lambda: server.health() == NOT_SERVING, "NOT_SERVING")
    server.signal(signal.SIGTERM)
    assert_ended_cleanly(server)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signals_up_to_the_very_end_change_nothing(serve, number):
    """An impatient sender, who goes on until the process is gone, still sees exit code 0."""
    server = serve()
    while not server.has_ended:
        server.signal(number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            server.process.wait(timeout=0.005)
    assert_ended_cleanly(server)


def test_ctrl_c_does_not_wait_for_clients(serve, dial):
    """SIGINT finishes what runs and ends, without waiting for clients to move away."""
    server = serve(RUNTIME_DRAIN_DELAY="10min")
    call = dial(server).unary_unary(PREDICT, None, None)
    running = call.future(request("note begun then await gate"), timeout=60)
    wait_until(lambda: server.runs("begun"), "the call to run")
    server.signal(signal.SIGINT)
    server.wait_log("SIGINT")
    server.note("gate").touch()
    assert running.code().name == "OK"
    assert_ended_cleanly(server)


def test_the_model_is_unloaded_once_a_worker(serve):
    """Every worker calls the model's unload() on the way out."""
    server = serve(RUNTIME_WORKERS="2")
    wait_until(lambda: server.log.count(" serves infer") == 2, "both workers")
    server.signal(signal.SIGINT)
    assert_ended_cleanly(server)
    assert server.runs("unloaded") == 2


UNLOADING = """
import os
def infer(what, x):
    return {"y": x}
def table(rows, weights, count):
    return {"y": rows[:, 0]}
def unload():
    """


ENDINGS = ["while True: pass", "raise ValueError('no')", "os._exit(3)"]


@pytest.mark.parametrize("ending", by_day(ENDINGS, "while True: pass"))
def test_a_bad_unload_does_not_spoil_the_end(launch, tmp_path, ending):
    """An unload() that hangs, raises or exits changes neither the exit code nor what is left."""
    model = models.write(tmp_path / "model", UNLOADING + ending)
    server = launch(model, RUNTIME_DRAIN_TIMEOUT="500ms").wait_serving()
    server.signal(signal.SIGINT)
    assert server.wait() == 0
    wait_until(lambda: not server.processes, "no process left")


def test_a_hung_call_does_not_hold_up_the_end(serve, dial):
    """A call that never ends holds the end up until RUNTIME_DRAIN_TIMEOUT at most."""
    server = serve(RUNTIME_DRAIN_TIMEOUT="500ms")
    call = dial(server).unary_unary(PREDICT, None, None)
    hung = call.future(request("note begun then loop"), timeout=60)
    wait_until(lambda: server.runs("begun"), "the call to run")
    server.signal(signal.SIGINT)
    assert_ended_cleanly(server)
    assert hung.code().name in ("UNAVAILABLE", "CANCELLED")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_while_loading_ends_the_service(launch, tmp_path, number):
    """Who stops a service before its model has loaded gets exit code 0 at once."""
    model = models.write(tmp_path / "model", "while True: pass")
    server = launch(model)
    wait_until(lambda: server.workers, "a worker")
    server.wait_log("loading")
    server.signal(number)
    assert server.wait() == 0
    wait_until(lambda: not server.processes, "no process left")
