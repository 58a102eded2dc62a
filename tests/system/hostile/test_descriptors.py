import contextlib
import os
import signal

import grpc
import pytest

from tests.support import models
from tests.support.callers import OWN_CONNECTION
from tests.support.hostile.crowd import PREFIX, idle, wait_full
from tests.support.hostile.http2 import connect
from tests.support.processes import wait_until
from tests.support.servers import SERVING, Server, ask, assert_bit_exact, channel, request
from tests.system.hostile.conftest import OLD_AGE

IDLE = 300


@pytest.fixture
def serve(tmp_path, transport):
    """Return a function that serves with few descriptors."""
    with contextlib.ExitStack() as ends:

        def serve(**settings):
            settings = {
                "RUNTIME_GRPC_TRANSPORT": transport,
                "RUNTIME_CONNECTION_AGE": OLD_AGE,
                **settings,
            }
            model = models.write_obedient(tmp_path / "model")
            server = Server(model, tmp_path, PREFIX, **settings)
            ends.callback(server.end)
            return server.wait_serving()

        yield serve


@pytest.fixture
def crowd():
    """Return a function that connects idle clients until the service has no descriptor left."""
    with contextlib.ExitStack() as sockets:

        def crowd(server, count=IDLE):
            for _ in range(count):
                sockets.enter_context(idle(server.address))
            wait_full(server.front)
            return sockets

        yield crowd


def is_answered(server):
    """Return whether a newcomer is served."""
    with channel(server.address, OWN_CONNECTION) as newcomer:
        try:
            return bool(ask(newcomer, request(), 1))
        except grpc.RpcError:
            return False


def test_who_is_inside_is_served(serve, dial, crowd):
    """300 idle clients take every descriptor: those with a connection notice nothing.

    Newcomers are served again once the idle ones leave.
    """
    server = serve()
    inside = dial(server, OWN_CONNECTION)
    assert_bit_exact(inside)
    sockets = crowd(server)
    for _ in range(20):
        assert_bit_exact(inside)
    sockets.close()
    wait_until(lambda: is_answered(server), "a newcomer to be served")
    assert_bit_exact(inside)
    assert server.health() == SERVING


def test_silent_clients_are_shown_out(serve, crowd):
    """Who connects and says nothing makes room for others before long."""
    server = serve()
    crowd(server)
    wait_until(lambda: is_answered(server), "a newcomer to be served", 60)


def test_silence_is_ended_by_the_service(serve):
    """A connection that never speaks HTTP/2 is closed within seconds, not minutes."""
    with connect(serve().address, 30) as silent:
        while silent.recv(1 << 16):
            pass


def test_a_worker_that_ends_meanwhile_is_replaced(serve, dial, crowd):
    """There is no descriptor for a new worker's socket at first; it is tried again.

    Until then health says so, and calls are refused.
    """
    server = serve()
    inside = dial(server, OWN_CONNECTION)
    assert_bit_exact(inside)
    sockets = crowd(server)
    for worker in server.workers:
        os.kill(worker, signal.SIGKILL)
    server.wait_log("was killed by SIGKILL")
    sockets.close()
    wait_until(lambda: server.health() == SERVING, "a worker to be there again")
    assert_bit_exact(inside)


def test_the_service_ends_in_order(serve, crowd):
    """SIGTERM drains even then, and the exit code is 0."""
    server = serve(RUNTIME_DRAIN_DELAY="100ms", RUNTIME_CONNECTION_AGE="100ms")
    crowd(server)
    server.signal(signal.SIGTERM)
    assert server.wait() == 0
    assert "Traceback" not in server.log
