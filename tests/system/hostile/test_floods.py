import contextlib
import os

import pytest

from tests.support.callers import OWN_CONNECTION, Callers
from tests.support.hostile.frames import continuations, floods, frame, stalled
from tests.support.hostile.http2 import PREFACE, Client, connect, framed
from tests.support.memory import bounded
from tests.support.servers import SERVING, request
from tests.system.hostile.conftest import OLD_AGE

MIB = 2**20
FLOODS = floods(20_000)
# What the front may grow by beside four times the bytes that were sent: its own coming and going.
SLACK_BYTES = 24 * MIB
# One connection's headers take 160 MB in core at most, of whatever number: seen with 1 and 10 MB.
UNSETTLED_BYTES = 256 * MIB
ACCEPT_LANGUAGE = 0x91  # a header of one byte, from HPACK's own table

HUNG_UP = BrokenPipeError, ConnectionResetError

GARBAGE = {
    "HTTP/1": b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "HTTP/1 with a body": b"POST /v1 HTTP/1.1\r\nContent-Length: 1000000\r\n\r\n" + bytes(100_000),
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + os.urandom(500),
    "noise": os.urandom(MIB),
    "zeros": bytes(MIB),
    "noise after the preface": PREFACE + b"\xff" * 100_000,
    "half of a preface": PREFACE[:10],
    "no settings after the preface": PREFACE + frame(6, 0, 0, bytes(8)),
}


@contextlib.contextmanager
def attacker(server, most_bytes):
    """Connect one to the service, which must answer others meanwhile, and grow by so much only."""
    callers = Callers(server.address, 2, options=(OWN_CONNECTION,))
    with bounded(server.front, most_bytes), callers, Client(server.address, 10) as client:
        yield client
        assert server.health() == SERVING
        callers.wait_answers(20)
    assert callers.failures == []


@pytest.mark.parametrize("name", FLOODS)
def test_a_flood_harms_nobody_else(unharmed, name):
    """Whoever calls meanwhile is answered, and the front takes no more than a part of it."""
    flood = FLOODS[name]
    with attacker(unharmed, 4 * len(flood) + SLACK_BYTES) as client:
        client.settle()
        client.send_raw(flood)


def test_headers_before_the_settings_are_bounded(serve):
    """Whoever does not acknowledge the service's settings is held to core's own, wider limits."""
    with attacker(serve(RUNTIME_CONNECTION_AGE=OLD_AGE), UNSETTLED_BYTES) as client:
        client.send_raw(continuations(200, bytes([ACCEPT_LANGUAGE]) * 16_000))


@pytest.mark.parametrize("name", GARBAGE)
def test_garbage_harms_nobody(unharmed, name):
    """What is no HTTP/2 gets no further than its connection, which its sender may leave open."""
    hung_up = contextlib.suppress(*HUNG_UP)
    with attacker(unharmed, SLACK_BYTES), connect(unharmed.address) as connection, hung_up:
        connection.sendall(GARBAGE[name])


@pytest.mark.parametrize("name", ["HTTP/1", "TLS", "noise", "zeros"])
def test_what_is_no_http_2_is_hung_up_on(unharmed, name):
    """Its sender learns so at once."""
    with connect(unharmed.address, 10) as connection, contextlib.suppress(*HUNG_UP):
        connection.sendall(GARBAGE[name])
        while connection.recv(1 << 16):
            pass


@pytest.mark.parametrize("sent", [b"", b"\0\0\0", framed(request())[:-1]])
def test_stalled_streams_cost_nobody_else(unharmed, sent):
    """200 calls that never send their requests, or not all of one, take no thread."""
    with attacker(unharmed, SLACK_BYTES) as client:
        assert client.send_raw(stalled(200, sent))


def test_a_stalled_stream_ends(serve):
    """Connection age and RUNTIME_REQUEST_TIMEOUT bound a call whose request never comes."""
    server = serve(RUNTIME_CONNECTION_AGE="100ms", RUNTIME_REQUEST_TIMEOUT="100ms")
    with Client(server.address) as client:
        stream = client.begin()
        outcome = client.outcome(stream)
        assert (outcome.status, outcome.details) == (14, "max connection age")
        client.wait_end()
