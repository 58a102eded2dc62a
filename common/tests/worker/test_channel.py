import socket
import threading

import pytest

from serving_runtime.errors import Status
from serving_runtime.ipc import frames
from serving_runtime.ipc.frames import CallFrame, ReplyFrame
from serving_runtime.ipc.segment_writer import PLACE, THRESHOLD_BYTES
from serving_runtime.ipc.shared_payloads import SharedPayloads
from serving_runtime.ipc.stream import Splitter
from serving_runtime.worker.channel import ABOUT_MEMORY, Channel


@pytest.fixture
def ends():
    """Yield the front's socket, and a channel at the other end."""
    ours, theirs = socket.socketpair()
    ours.settimeout(10)
    theirs.settimeout(10)
    with ours, theirs:
        yield ours, Channel(theirs)


def batch(*payloads):
    """Return the bytes of a batch."""
    parts = [frames.pack_batch(len(payloads))]
    for number, payload in enumerate(payloads):
        parts.extend(frames.pack_call(CallFrame(number, "/m", "id", 1.0, payload)))
    return b"".join(parts)


def payloads(calls):
    """Return the calls' payloads."""
    return [bytes(call.payload) for call in calls]


def test_batches_arrive_as_they_were_sent(ends):
    """Calls that the front sends together are answered together."""
    front, channel = ends
    front.sendall(batch(b"a", b"") + batch(b"c") + frames.pack(frames.CLOSE))
    assert [payloads(calls) for calls in channel.batches()] == [[b"a", b""], [b"c"]]


def test_payloads_are_writable_and_their_own(ends):
    """Arrays are views of them, and a model may change them in place."""
    front, channel = ends
    front.sendall(batch(b"aa", b"bb"))
    first, second = next(channel.batches())
    first.payload[0] = 0
    assert bytes(first.payload) == b"\0a"
    assert bytes(second.payload) == b"bb"


def test_large_batch_arrives_in_pieces(ends):
    """Larger than any socket buffer: the channel reads on until all is there."""
    front, channel = ends
    large = bytes(range(256)) * (4 * 2**20 // 256)
    sender = threading.Thread(target=front.sendall, args=(batch(large, b"end"),))
    sender.start()
    assert payloads(next(channel.batches())) == [large, b"end"]
    sender.join()


@pytest.mark.parametrize("sent", [b"", frames.pack(frames.CLOSE), batch(b"x")[:4]])
def test_end_of_the_front_ends_the_batches(ends, sent):
    """CLOSE, a closed socket, or half of a header: there is nothing more to answer."""
    front, channel = ends
    front.sendall(sent)
    front.shutdown(socket.SHUT_WR)
    assert list(channel.batches()) == []


@pytest.mark.parametrize("missing", [1, 5, 40])
def test_front_that_ends_within_a_batch_is_a_lost_connection(ends, missing):
    """Not a traceback: the worker ends as it does whenever the front is gone."""
    front, channel = ends
    front.sendall(batch(b"abc", b"defghijk")[:-missing])
    front.shutdown(socket.SHUT_WR)
    with pytest.raises(ConnectionResetError):
        list(channel.batches())


def test_reply_is_one_frame(ends):
    """Head and payload are sent one after the other, without a copy of both together."""
    front, channel = ends
    sent = [ReplyFrame(7, Status.OK, "", b"x" * 10), ReplyFrame(8, Status.INTERNAL, "why", b"")]
    for reply in sent:
        channel.reply(reply)
    channel.announce(frames.READY, b"{}")
    splitter, found = Splitter(2**20), []
    while len(found) < 3:
        found.extend(splitter.split(front.recv(1000)))
    assert [kind for kind, _ in found] == [frames.REPLY, frames.REPLY, frames.READY]
    assert [frames.unpack_reply(body) for _, body in found[:2]] == sent


def test_reply_to_a_front_that_is_gone_is_told(ends):
    """The worker's loop catches it and ends."""
    front, channel = ends
    front.close()
    with pytest.raises((BrokenPipeError, ConnectionResetError)):
        channel.reply(ReplyFrame(1, Status.OK, "", b"x"))


def test_many_calls_arrive_with_one_read(ends):
    """Each read costs as much as all else that is done to receive a small call."""
    front, channel = ends
    reads = []
    receive = channel._connection.recv_into
    channel._reader._connection = Reads(receive, reads)
    front.sendall(batch(*[b"x"] * 30))
    assert len(next(channel.batches())) == 30
    assert len(reads) == 1


class Reads:
    """A socket that notes how often it is read from."""

    def __init__(self, receive, reads):
        self._receive = receive
        self._reads = reads

    def recv_into(self, buffer):
        """Read, as the socket does."""
        self._reads.append(buffer)
        return self._receive(buffer)


def test_kept_payloads_stay_as_they_were(ends):
    """A model may keep its inputs, whatever arrives later."""
    front, channel = ends
    batches = channel.batches()
    kept = []
    for byte in b"abc":
        front.sendall(batch(bytes([byte]) * 5))
        kept.extend(next(batches))
    assert payloads(kept) == [b"aaaaa", b"bbbbb", b"ccccc"]


def test_replies_of_one_batch_are_sent_together(ends):
    """Each sending wakes the front."""
    front, channel = ends
    channel.replies([ReplyFrame(number, Status.OK, "", b"x") for number in range(30)])
    found = Splitter(2**20).split(front.recv(2**16))
    assert [frames.unpack_reply(body).id for _, body in found] == list(range(30))


def test_large_payloads_go_through_shared_memory(ends):
    """Both ways, once the memory was offered and taken."""
    front, channel = ends
    shared, batches, large = SharedPayloads(), channel.batches(), b"z" * THRESHOLD_BYTES
    assert shared.place(large) is None
    front.sendall(b"".join(shared.control_frames()) + batch(b""))
    next(batches)
    sender = threading.Thread(target=channel.reply, args=(ReplyFrame(1, Status.OK, "", large),))
    sender.start()
    kinds = [kind for kind, _ in take_frames(front, shared, 3)]
    assert kinds == [frames.OFFER, frames.FREED, frames.REPLY]
    sender.join()

    call = frames.pack_call(CallFrame(2, "/m", "id", 1.0, large), shared.place(large))
    front.sendall(b"".join([*shared.control_frames(), frames.pack_batch(1), *call]))
    assert payloads(next(batches)) == [large]
    channel.reply(ReplyFrame(2, Status.OK, "", large))
    [(freed, _), (kind, body)] = take_frames(front, shared, 2)
    assert (freed, kind) == (frames.FREED, frames.PLACED_REPLY)
    assert shared.copy(frames.unpack_reply(body).payload) == large


def test_payloads_lie_where_their_operation_wants_them():
    """Asked by operation and length, once the last payload there is not needed any more."""
    asked, large = [], b"z" * THRESHOLD_BYTES
    ours, theirs = socket.socketpair()
    with ours, theirs:
        channel = Channel(theirs, lambda *of: asked.append(of) or 5)
        shared, batches = SharedPayloads(), channel.batches()
        assert shared.place(large) is None
        for offset in (0, 5):
            ours.sendall(b"".join(shared.control_frames()) + batch(b""))
            next(batches)
            channel.reply(ReplyFrame(1, Status.OK, "", b""))
            take_frames(ours, shared, 2)
            place = shared.place(large)
            assert PLACE.unpack(place)[1] == offset
            call = frames.pack_call(CallFrame(2, "/m", "id", 1.0, large), place)
            ours.sendall(b"".join([frames.pack_batch(1), *call]))
            next(batches)
    assert asked == [("/m", len(large))]


def test_frames_about_parts_are_skipped(ends):
    """A worker that answers in one part has nothing to cancel, and waits for nobody."""
    front, channel = ends
    front.sendall(frames.pack_cancel(1) + frames.pack_parts_taken(1, 2) + batch(b"a"))
    assert payloads(next(channel.batches())) == [b"a"]


def take_frames(front, shared, count):
    """Receive frames, and take in those about memory."""
    splitter, found = Splitter(2**20), []
    while len(found) < count:
        for kind, body in splitter.split(front.recv(2**20)):
            if kind in ABOUT_MEMORY:
                shared.on_control_frame(kind, body)
            found.append((kind, body))
    return found
