import grpc
import pytest
from h2.exceptions import TooManyStreamsError

from tests.support.hostile.http2 import Client, call_headers, framed
from tests.support.servers import PREDICT, channel, failure, request, seen

MAX_REQUEST_ID = 128
SOFT_HEADER_BYTES, HARD_HEADER_BYTES = 8192, 16384
GOOD = request()
# What RFC 9113 counts for each header beside its letters.
BESIDE = 32


def header_of(total):
    """Return a header with which a call's have so many bytes together."""
    name = "x-large"
    others = sum(len(key) + len(value) + BESIDE for key, value in call_headers())
    return name, "a" * (total - others - len(name) - BESIDE)


def with_headers(server, total):
    """Send a good call with so many bytes of headers; returns its outcome."""
    with Client(server.address) as client:
        client.settle()
        stream = client.begin([header_of(total)])
        client.send(stream, framed(GOOD))
        return client.outcome(stream)


@pytest.mark.parametrize("more", [-1, 0])
def test_headers_of_8_kib_are_taken(unharmed, more):
    """Up to here every call is; from here to 16 KiB core lets chance decide."""
    assert with_headers(unharmed, SOFT_HEADER_BYTES + more).status == 0


@pytest.mark.parametrize("more", [1, 2, 100_000])
def test_headers_over_16_kib_are_refused(unharmed, more):
    """Always, and in words that tell the limit."""
    status, details, _ = with_headers(unharmed, HARD_HEADER_BYTES + more)
    assert status == 8
    assert f"vs. {HARD_HEADER_BYTES}" in details


@pytest.mark.parametrize("more", [-1, 0, 1])
def test_a_request_id_is_cut(unharmed, more):
    """A client's id goes into a header and a log line: no more of it than 128 letters."""
    sent = "i" * (MAX_REQUEST_ID + more)
    with channel(unharmed.address) as connection:
        call = connection.unary_unary(PREDICT, None, None)
        with pytest.raises(grpc.RpcError) as caught:
            call(b"\xff", timeout=30, metadata=[("x-request-id", sent)])
    assert seen(caught.value).status == "INVALID_ARGUMENT"
    assert dict(caught.value.trailing_metadata())["x-request-id"] == sent[:MAX_REQUEST_ID]


@pytest.mark.parametrize("more", [-1, 0, 1])
def test_details_are_cut(unharmed, more):
    """A model's own words reach its client in at most 1 KiB, whole if they fit."""
    most = 1024 - len("ValueError('')")
    with channel(unharmed.address) as connection:
        status, details = failure(connection, request("raise " + "x" * (most + more)))
    assert status == "INTERNAL"
    assert len(details) == min(1024, 1024 + more)
    assert details.endswith("..." if more > 0 else "x')")


@pytest.mark.parametrize("more", [-1, 0, 1])
def test_a_connection_has_so_many_calls_at_a_time(serve, more):
    """The service tells the number, and its client keeps the next call back; all are answered."""
    server = serve(RUNTIME_MAX_CONNECTION_CALLS="5")
    with Client(server.address) as client:
        client.settle()
        streams = [client.begin() for _ in range(min(5, 5 + more))]
        if more > 0:
            with pytest.raises(TooManyStreamsError, match="streams is 5"):
                client.begin()
        for stream in streams:
            client.send(stream, framed(GOOD))
        assert [client.outcome(stream).status for stream in streams] == [0] * len(streams)
