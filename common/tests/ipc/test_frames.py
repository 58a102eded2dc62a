import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving_runtime.errors import Status
from serving_runtime.ipc import attributes, frames
from serving_runtime.ipc.frames import NO_TIMINGS, CallFrame, GarbledError, ReplyFrame, Timings
from serving_runtime.ipc.stream import Splitter

NUMBERS = st.integers(0, 2**64 - 1)
TEXTS = st.text(st.characters(blacklist_categories=["Cs"]), max_size=20)
PAYLOADS = st.binary(max_size=50)
FLAGS = st.booleans()
MAX_BYTES = 1 << 20
SECONDS = st.floats(allow_nan=False)
CALL_ATTRIBUTES = st.dictionaries(st.sampled_from(sorted(attributes.CALL_ATTRIBUTES)), TEXTS)
COUNTS = st.integers(0, 2**32 - 1)
TIMINGS = st.builds(Timings, SECONDS, SECONDS, SECONDS, SECONDS, COUNTS, COUNTS, COUNTS)
CALLS = st.builds(
    CallFrame,
    NUMBERS,
    TEXTS,
    TEXTS,
    SECONDS,
    PAYLOADS,
    FLAGS,
    CALL_ATTRIBUTES,
    TEXTS,
    st.integers(0, 2**16 - 1),
    SECONDS,
)
REPLIES = st.builds(
    ReplyFrame,
    NUMBERS,
    st.sampled_from(list(Status)),
    TEXTS,
    PAYLOADS,
    FLAGS,
    TEXTS,
    st.dictionaries(TEXTS, TEXTS, max_size=3),
    st.just(NO_TIMINGS) | TIMINGS,
    st.integers(0, 2**32 - 1),
    FLAGS,
    st.integers(0, 2**16 - 1),
)


def split(pieces):
    """Return the frames of a stream that arrives in these pieces."""
    splitter = Splitter(MAX_BYTES)
    return [frame for piece in pieces for frame in splitter.split(piece)]


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


@given(st.binary(max_size=60))
def test_bytes_of_no_reply_are_an_error_or_a_reply(body):
    """Whatever a reply's body is, nothing but the one error comes of it."""
    with contextlib.suppress(GarbledError):
        assert isinstance(frames.unpack_reply(body), ReplyFrame)


def test_unknown_status_is_an_error():
    """A number that no Status has cannot come from a worker of the same version."""
    body = frames._REPLY.pack(1, 200, 0, 0, 0, 0, 0, 0, *frames.NO_TIMINGS)
    with pytest.raises(GarbledError, match="200"):
        frames.unpack_reply(body)


def test_what_a_frame_leaves_out_costs_no_bytes_and_no_objects():
    """Most calls have no attributes, and most replies neither attributes nor a reason."""
    head, _ = frames.pack_call(CallFrame(1, "", "", 0.0, b""))
    assert len(head) == frames.HEADER.size + frames._CALL.size
    assert frames.unpack_call(head[frames.HEADER.size :]).attributes is attributes.EMPTY
    head, _ = frames.pack_reply(ReplyFrame(1, Status.OK, "", b""))
    assert len(head) == frames.HEADER.size + frames._REPLY.size
    reply = frames.unpack_reply(head[frames.HEADER.size :])
    assert reply.attributes is attributes.EMPTY
    assert reply.timings is NO_TIMINGS


def test_attributes_of_a_call_are_an_allow_list():
    """What a client sends must not reach further than the list lets it."""
    call = CallFrame(1, "/m", "id", 0.0, b"", attributes={"cookie": "secret"})
    with pytest.raises(ValueError, match="cookie"):
        frames.pack_call(call)


def test_replies_in_parts_have_an_order_and_an_end():
    """The last part is the one after which no more follows."""
    parts = [
        ReplyFrame(1, Status.OK, "", b"%d" % number, part=number, has_more=number < 2)
        for number in range(3)
    ]
    stream = b"".join(b"".join(frames.pack_reply(part)) for part in parts)
    found = [frames.unpack_reply(body) for _, body in split([stream])]
    assert [(part.part, part.has_more) for part in found] == [(0, True), (1, True), (2, False)]


@given(NUMBERS, st.integers(0, 2**32 - 1))
def test_frames_about_parts_round_trip(number, count):
    """A call is cancelled, or more parts of its reply may come."""
    [cancel, taken] = split([frames.pack_cancel(number) + frames.pack_parts_taken(number, count)])
    assert (cancel[0], frames.unpack_cancel(cancel[1])) == (frames.CANCEL, number)
    assert (taken[0], frames.unpack_parts_taken(taken[1])) == (frames.PARTS_TAKEN, (number, count))
