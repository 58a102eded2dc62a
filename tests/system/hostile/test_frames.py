import gzip
import re

import pytest

from tests.support.hostile.amplifiers import bomb
from tests.support.hostile.http2 import Client, Reply, framed
from tests.support.servers import Failure, channel, failure, is_one_line, request

MIB = 2**20
OK, INVALID, DEADLINE_EXCEEDED, EXHAUSTED, UNIMPLEMENTED, INTERNAL = 0, 3, 4, 8, 12, 13
GZIP = [("grpc-encoding", "gzip")]
GOOD = request()


def answered(server, body, headers=()):
    """Send a call's whole body; returns its outcome."""
    with Client(server.address) as client:
        stream = client.begin(headers)
        client.send(stream, body)
        return client.outcome(stream)


# What is sent (with headers), the status, and a word of the details.
ANSWERED = {
    "an honest frame": (framed(GOOD), (), OK, ""),
    "an honest frame, packed": (framed(gzip.compress(GOOD), 1), GZIP, OK, ""),
    "two requests": (framed(GOOD) * 2, (), OK, ""),
    "one and a half": (framed(GOOD) + framed(GOOD)[:20], (), OK, ""),
    "packed, it says, but not how": (framed(GOOD, 1), (), OK, ""),
    "shorter, it says": (framed(GOOD, length=len(GOOD) - 10), (), INVALID, "not a PredictReq"),
    "nothing, it says": (framed(GOOD, length=0), (), INVALID, "names no signature"),
    "4 GiB, it says": (framed(GOOD, length=2**32 - 1), (), EXHAUSTED, "4294967295 vs. 1048576"),
    "packed garbage": (framed(b"garbage", 1), GZIP, INTERNAL, "Decompression failed"),
    "packed and cut short": (framed(gzip.compress(GOOD)[:-9], 1), GZIP, INTERNAL, "Decompression"),
    "packed in no known way": (framed(GOOD, 1), [("grpc-encoding", "snappy")], INTERNAL, "encod"),
    "a deadline of no sense": (framed(GOOD), [("grpc-timeout", "soon")], INTERNAL, "grpc-timeout"),
    "a deadline of a million years": (framed(GOOD), [("grpc-timeout", "99999999H")], OK, ""),
    "a bomb within the limit": (framed(bomb(MIB), 1), GZIP, INVALID, "not a PredictRequest"),
    "a bomb over the limit": (framed(bomb(2 * MIB), 1), GZIP, EXHAUSTED, "larger than max"),
}  # fmt: skip

# No whole message comes, so there is no request to answer.
WITHOUT_REQUEST = {
    "longer, it says": framed(GOOD, length=len(GOOD) + 10),
    "half of a length": b"\0\0",
    "nothing at all": b"",
}


@pytest.mark.parametrize("case", ANSWERED)
def test_lying_frames(unharmed, case):
    """Each gets a status of its own, and details that tell which lie it was."""
    body, headers, status, word = ANSWERED[case]
    outcome = answered(unharmed, body, headers)
    assert outcome.status == status
    assert word in outcome.details
    assert is_one_line(outcome.details)


@pytest.mark.parametrize("case", WITHOUT_REQUEST)
def test_a_call_without_a_request(unharmed, transport, case):
    """It is refused; grpcio's own server leaves it to its deadline, which costs nobody else."""
    if transport == "asyncio":
        outcome = answered(unharmed, WITHOUT_REQUEST[case], [("grpc-timeout", "300m")])
        assert outcome.status == DEADLINE_EXCEEDED
    else:
        outcome = answered(unharmed, WITHOUT_REQUEST[case])
        assert outcome == Reply(UNIMPLEMENTED, "the method takes one request, and none came")


def test_a_frame_of_no_known_kind(unharmed):
    """Core ends such a call, or takes it for an empty one, whichever of its threads is first."""
    outcome = answered(unharmed, framed(GOOD, 7), [("grpc-timeout", "300m")])
    assert outcome.status in (INVALID, UNIMPLEMENTED, DEADLINE_EXCEEDED)


@pytest.mark.parametrize("more", [-1, 0, 1])
def test_the_size_limit_holds_for_what_is_unpacked(unharmed, more):
    """RUNTIME_MAX_MESSAGE_BYTES bounds the unpacked request, to the byte."""
    outcome = answered(unharmed, framed(gzip.compress(bytes(MIB + more)), 1), GZIP)
    assert outcome.status == (EXHAUSTED if more > 0 else INVALID)


def test_headers_are_bounded(unharmed):
    """More than 16 KiB of metadata is refused; who has acknowledged the limit is told of it."""
    with Client(unharmed.address) as client:
        client.settle()
        stream = client.begin([("x-large", "a" * 20_000)])
        outcome = client.outcome(stream)
    assert outcome.status == EXHAUSTED
    assert re.search("metadata size exceeds hard limit .* vs. 16384", outcome.details)


@pytest.mark.parametrize("count", [1000, 10_000])
def test_the_number_of_headers_is_bounded(unharmed, count):
    """Many small ones are no way around it."""
    with Client(unharmed.address) as client:
        client.settle()
        stream = client.begin([(f"x-{number}", "v") for number in range(count)])
        assert client.outcome(stream).status == EXHAUSTED


def test_the_golden_client_is_bounded_too(unharmed):
    """One byte over RUNTIME_MAX_MESSAGE_BYTES is refused by core, in its words."""
    with channel(unharmed.address) as connection:
        assert failure(connection, bytes(MIB + 1)) == Failure(
            "RESOURCE_EXHAUSTED", "SERVER: Received message larger than max (1048577 vs. 1048576)"
        )
