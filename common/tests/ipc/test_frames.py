import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving_runtime.errors import Status
from serving_runtime.ipc import frames
from serving_runtime.ipc.frames import CallFrame, GarbledError, ReplyFrame, Splitter

NUMBERS = st.integers(0, 2**64 - 1)
TEXTS = st.text(st.characters(blacklist_categories=["Cs"]), max_size=20)
PAYLOADS = st.binary(max_size=50)
FLAGS = st.booleans()
MAX_BYTES = 1 << 20
CALLS = st.builds(CallFrame, NUMBERS, TEXTS, TEXTS, st.floats(allow_nan=False), PAYLOADS, FLAGS)
REPLIES = st.builds(ReplyFrame, NUMBERS, st.sampled_from(list(Status)), TEXTS, PAYLOADS, FLAGS)
KINDS = st.sampled_from([frames.BATCH, frames.CALL, frames.CLOSE, frames.READY, frames.REPLY])
FRAMES = st.lists(st.tuples(KINDS, PAYLOADS), max_size=6)


def split(pieces):
    """Return the frames of a stream that arrives in these pieces."""
    splitter = Splitter(MAX_BYTES)
    return [frame for piece in pieces for frame in splitter.split(piece)]


def cut(stream, points):
    """Cut a stream at some points, in any order and beyond its end."""
    ends = [0, *sorted(point % (len(stream) + 1) for point in points), len(stream)]
    return [stream[start:end] for start, end in zip(ends, ends[1:])]


@given(FRAMES, st.lists(st.integers(0, 10**6), max_size=10))
def test_any_split_of_the_stream_gives_the_same_frames(wanted, points):
    """However the socket cuts the bytes, the frames come out whole and in order."""
    stream = b"".join(frames.pack(kind, body) for kind, body in wanted)
    assert split(cut(stream, points)) == wanted


@given(FRAMES)
def test_single_bytes_give_the_same_frames(wanted):
    """A header that arrives in two pieces is no frame yet."""
    stream = b"".join(frames.pack(kind, body) for kind, body in wanted)
    assert split([stream[index : index + 1] for index in range(len(stream))]) == wanted


@given(CALLS)
def test_call_round_trips(call):
    """A worker reads just what the front sent: names in any language, any deadline."""
    [(kind, body)] = split([b"".join(frames.pack_call(call))])
    assert kind == frames.CALL
    assert frames.unpack_call(body) == call


@given(REPLIES)
def test_reply_round_trips(reply):
    """The front reads just what a worker sent."""
    [(kind, body)] = split([b"".join(frames.pack_reply(reply))])
    assert kind == frames.REPLY
    assert frames.unpack_reply(body) == reply


def test_placed_payloads_are_named_and_not_sent():
    """The frame says of which kind its payload is."""
    head, payload = frames.pack_call(CallFrame(1, "/m", "id", 0.0, b"large"), b"place")
    [(kind, body)] = split([head])
    assert (kind, payload) == (frames.PLACED_CALL, b"")
    assert frames.unpack_call(body) == CallFrame(1, "/m", "id", 0.0, b"place")
    head, payload = frames.pack_reply(ReplyFrame(1, Status.OK, "", b"large"), b"place")
    [(kind, body)] = split([head])
    assert (kind, payload) == (frames.PLACED_REPLY, b"")
    assert frames.unpack_reply(body) == ReplyFrame(1, Status.OK, "", b"place")


@given(st.integers(0, 2**32 - 1))
def test_batch_round_trips(count):
    """The number of calls that follow is kept."""
    [(kind, body)] = split([frames.pack_batch(count)])
    assert kind == frames.BATCH
    assert frames.unpack_batch(body) == count


def test_payload_of_a_call_is_a_view_of_the_received_buffer():
    """Arrays are made of it without a copy, and a model may write to them."""
    head, payload = frames.pack_call(CallFrame(1, "/m", "id", 0.0, b"abc"))
    received = bytearray((head + bytes(payload))[frames.HEADER.size :])
    call = frames.unpack_call(received)
    assert isinstance(call.payload, memoryview)
    assert not call.payload.readonly
    received[-1:] = b"z"
    assert bytes(call.payload) == b"abz"


def test_payloads_are_not_copied_when_packed():
    """A frame of a large message is two parts, so that the message is not copied once more."""
    payload = b"x" * 100
    assert frames.pack_call(CallFrame(1, "/m", "id", 0.0, payload))[1] is payload
    assert frames.pack_reply(ReplyFrame(1, Status.OK, "", payload))[1] is payload


def test_details_that_utf8_cannot_encode_do_not_stop_the_reply():
    """A reply always gets out: the caller would wait for its deadline otherwise."""
    head, _ = frames.pack_reply(ReplyFrame(1, Status.INTERNAL, "\udcff", b""))
    assert frames.unpack_reply(head[frames.HEADER.size :]).details == "?"


def test_unfinished_frame_is_none():
    """What has not arrived in full is not handed out, not even an empty stream."""
    splitter = Splitter(MAX_BYTES)
    assert splitter.split(b"") == []
    assert splitter.split(frames.pack(frames.READY, b"body")[:-1]) == []
    assert splitter.split(b"y") == [(frames.READY, b"body")]


def test_frame_that_says_it_is_longer_than_any_is_an_error():
    """Something else wrote to the socket; the front must not wait for so many bytes."""
    splitter = Splitter(MAX_BYTES)
    splitter.split(frames.HEADER.pack(MAX_BYTES, frames.REPLY))
    with pytest.raises(GarbledError, match="bytes, more than"):
        Splitter(MAX_BYTES).split(frames.HEADER.pack(MAX_BYTES + 1, frames.REPLY))


@given(st.binary(max_size=60))
def test_bytes_of_no_reply_are_an_error_or_a_reply(body):
    """Whatever a reply's body is, nothing but the one error comes of it."""
    with contextlib.suppress(GarbledError):
        assert isinstance(frames.unpack_reply(body), ReplyFrame)


def test_unknown_status_is_an_error():
    """A number that no Status has cannot come from a worker of the same version."""
    body = frames._REPLY.pack(1, 200, 0, False)
    with pytest.raises(GarbledError, match="200"):
        frames.unpack_reply(body)


@given(st.lists(st.sampled_from([b"", b"small", b"L" * frames.JOINED_BYTES]), max_size=8))
def test_joined_parts_are_the_same_bytes_and_large_ones_the_same_objects(parts):
    """Few system calls, and no copy of what is large."""
    pieces = frames.joined(parts)
    assert b"".join(pieces) == b"".join(parts)
    large = [part for part in parts if len(part) == frames.JOINED_BYTES]
    assert [piece for piece in pieces if len(piece) >= frames.JOINED_BYTES] == large
    assert all(any(piece is part for piece in pieces) for part in large)
