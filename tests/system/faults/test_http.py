"""What the service promises in faults and overload, over HTTP."""

import contextlib
import signal
import socket
import threading
import time

import pytest

from tests.support import models
from tests.support.http_callers import HttpCallers, ask, connect, get, request
from tests.support.processes import wait_until

SHORT = {"RUNTIME_DRAIN_DELAY": "500ms", "RUNTIME_CONNECTION_AGE": "1s"}
STALLED = b"POST /v2/models/obedient/infer HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n{"
# Two readings of any of these would let one client speak in the name of another.
SMUGGLED = {
    "two lengths": b"Content-Length: 4\r\nContent-Length: 40\r\n",
    "a length and chunks": b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n",
    "chunks, hidden by a fold": b"Content-Length: 4\r\nX: a\r\n Transfer-Encoding: chunked\r\n",
    "a blank before the colon": b"Transfer-Encoding : chunked\r\n",
    "a coding that is none": b"Transfer-Encoding: \x0bchunked\r\n",
    "a signed length": b"Content-Length: +4\r\n",
}


@pytest.fixture
def call():
    """Yield a function that connects to a server's HTTP; ends the connections."""
    with contextlib.ExitStack() as stack:
        yield lambda server: stack.enter_context(contextlib.closing(connect(server.http_address)))


def raw(server):
    """Return a socket that is connected to a server's HTTP."""
    host, _, port = server.http_address.rpartition(":")
    return socket.create_connection((host, int(port)), timeout=60)


def status_of(answer):
    """Return an answer's status."""
    return answer.status


def in_background(call, server, body):
    """Call in a thread; returns it, and the list for the answer."""
    answers = []
    thread = threading.Thread(target=lambda: answers.append(ask(call(server), body)), daemon=True)
    thread.start()
    return thread, answers


def test_a_request_that_ends_workers_costs_nobody_else_anything(serve, call):
    """It is told so, and all others are answered, to the last bit."""
    server = serve()
    with HttpCallers(server.http_address) as callers:
        answer = ask(call(server), request("exit 3"))
        callers.wait_answers(32)
    assert callers.failures == []
    assert answer.status == 500
    assert "worker processes ended on this request" in answer.body["error"]
    assert answer.headers["x-request-id"]


def test_a_full_queue_is_429_and_health_goes_on(serve, call):
    """With a hint when to come again."""
    server = serve(RUNTIME_MAX_QUEUE="1")
    busy, _ = in_background(call, server, request("note blocked then await gate"))
    wait_until(lambda: server.runs("blocked"), "the worker to be busy")
    others = [in_background(call, server, request()) for _ in range(3)]
    wait_until(lambda: sum(len(answers) for _, answers in others) == 2, "two refusals")
    connection = call(server)
    assert get(connection, "/livez").status == get(connection, "/readyz").status == 200
    server.note("gate").touch()
    for thread in (busy, *(thread for thread, _ in others)):
        thread.join(60)
    answers = sorted((answer for _, answers in others for answer in answers), key=status_of)
    assert [answer.status for answer in answers] == [200, 429, 429]
    assert "RUNTIME_MAX_QUEUE" in answers[-1].body["error"]
    assert answers[-1].headers["retry-after"] == "1"
    assert not answers[-1].closes


def test_a_deadline_that_passes_is_504(serve, call):
    """At the time that the client gave, while the model still runs."""
    server = serve(RUNTIME_HANG_GRACE="1s")
    began = time.monotonic()
    answer = ask(call(server), request("sleep 30"), x_request_timeout="300ms")
    assert answer.status == 504
    assert time.monotonic() - began < 20
    assert ask(call(server), request()).status == 200


def test_who_goes_away_is_not_answered(serve, call):
    """Their call is cancelled, and the log says so."""
    server = serve(RUNTIME_LOG_CALLS="all")
    connection = call(server)
    connection.request("POST", "/v2/models/obedient/infer", request("note runs then sleep 1"))
    wait_until(server.runs, "the call to run")
    connection.close()
    server.wait_log("status=CANCELLED")
    assert ask(call(server), request()).status == 200


def test_shutting_down_loses_no_request(serve, call):
    """Clients on kept connections are told to go with an answer, and the service ends in time."""
    server = serve(**SHORT)
    with HttpCallers(server.http_address) as callers:
        idle = call(server)
        assert get(idle, "/readyz").status == 200
        server.signal(signal.SIGTERM)
        callers.wait_gone()
        assert server.wait() == 0
    assert callers.failures == []
    wait_until(lambda: not server.processes, "no process left")


def test_health_says_what_the_service_is_doing(serve, call):
    """From SIGTERM on it is not ready, but alive."""
    server = serve(RUNTIME_DRAIN_DELAY="30s")
    connection = call(server)
    assert get(connection, "/v2/health/ready").body == {"ready": True}
    server.signal(signal.SIGTERM)
    wait_until(lambda: get(connection, "/readyz").status == 503, "503")
    answer = get(connection, "/v2/health/ready")
    assert answer.body == {"ready": False, "error": "the service is shutting down"}
    assert get(connection, "/livez").status == 200
    assert ask(connection, request()).status == 200
    server.signal(signal.SIGTERM)
    assert server.wait() == 0


def test_a_thousand_stalled_bodies_harm_nobody(serve, call):
    """They wait for their time to end; others are answered meanwhile."""
    server = serve()
    with contextlib.ExitStack() as stack:
        for _ in range(1000):
            client = stack.enter_context(raw(server))
            client.sendall(STALLED)
        with HttpCallers(server.http_address) as callers:
            callers.wait_answers(100)
        assert callers.failures == []
        assert get(call(server), "/readyz").status == 200


@pytest.fixture(scope="module")
def smuggled_at(launch, tmp_path_factory):
    """One server for all ways to smuggle."""
    model = models.write_obedient(tmp_path_factory.mktemp("model") / "obedient")
    return launch(model).wait_serving()


@pytest.mark.parametrize("case", SMUGGLED)
def test_smuggling(smuggled_at, call, case):
    """The request is refused, the connection ends, and what was hidden in it is never run."""
    server = smuggled_at
    hidden = b"POST /v2/models/obedient/infer HTTP/1.1\r\nHost: a\r\nContent-Length: "
    body = request("note smuggled")
    with raw(server) as client:
        client.sendall(
            b"POST /v2/models/obedient/infer HTTP/1.1\r\nHost: a\r\n" + SMUGGLED[case]
            + b"\r\n0\r\n\r\n" + hidden + b"%d\r\n\r\n" % len(body) + body
        )  # fmt: skip
        answer = b""
        with contextlib.suppress(ConnectionError):
            while True:
                piece = client.recv(65536)
                if not piece:
                    break
                answer += piece
    assert answer.startswith((b"HTTP/1.1 400 ", b"HTTP/1.1 501 "))
    assert answer.count(b"HTTP/1.1 ") == 1
    assert ask(call(server), request()).status == 200
    assert server.runs("smuggled") == 0
