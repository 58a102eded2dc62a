import socket
import threading

import pytest

from serving_runtime.errors import Status
from serving_runtime.ipc import frames
from serving_runtime.ipc.frames import CallFrame, ReplyFrame
from serving_runtime.ipc.segment_writer import THRESHOLD_BYTES
from serving_runtime.ipc.shared_payloads import SharedPayloads
from serving_runtime.ipc.stream import Splitter
from serving_runtime.worker.channel import Channel
from serving_runtime.worker.concurrent_channel import ConcurrentChannel


class Ends:
    """The front's socket, and a channel at the other end with what came of it."""

    def __init__(self, front, theirs):
        self.front = front
        self.batches = []
        self.cancelled = []
        self.channel = ConcurrentChannel(
            Channel(theirs), self.batches.append, self.cancelled.append
        )

    @property
    def payloads(self):
        """The payloads of each batch."""
        return [[bytes(call.payload) for call in batch] for batch in self.batches]


@pytest.fixture
def ends():
    """Yield both ends of a socket pair."""
    ours, theirs = socket.socketpair()
    ours.settimeout(10)
    with ours, theirs:
        yield Ends(ours, theirs)


def batch(*payloads, place=None):
    """Return the bytes of a batch."""
    parts = [frames.pack_batch(len(payloads))]
    for number, payload in enumerate(payloads):
        parts.extend(frames.pack_call(CallFrame(number, "/m", "id", 1.0, payload), place))
    return b"".join(parts)


def test_nothing_is_waited_for(ends):
    """The loop has other things to do than to wait for a front that sends nothing."""
    assert ends.channel.read()
    assert ends.batches == []


def test_batches_arrive_whole_however_they_are_cut(ends):
    """Calls that are sent together are answered together, once the last has come."""
    sent = batch(b"a", b"") + batch(b"c" * 100)
    for byte in sent[:-1]:
        ends.front.sendall(bytes([byte]))
        assert ends.channel.read()
    assert ends.payloads == [[b"a", b""]]
    ends.front.sendall(sent[-1:])
    assert ends.channel.read()
    assert ends.payloads == [[b"a", b""], [b"c" * 100]]


def test_payloads_are_writable_and_their_own(ends):
    """Arrays are views of them, and a model may change them in place."""
    ends.front.sendall(batch(b"aa", b"bb"))
    ends.channel.read()
    [[first, second]] = ends.batches
    first.payload[0] = 0
    assert (bytes(first.payload), bytes(second.payload)) == (b"\0a", b"bb")


def test_calls_are_cancelled_by_their_ids(ends):
    """Whether their batch is there or long gone."""
    ends.front.sendall(frames.pack_cancel(7) + batch(b"x") + frames.pack_cancel(0))
    assert ends.channel.read()
    assert ends.cancelled == [7, 0]
    assert ends.payloads == [[b"x"]]


@pytest.mark.parametrize("sent", [b"", frames.pack(frames.CLOSE), batch(b"x")[:4]])
def test_close_and_a_front_that_is_gone_end_it(ends, sent):
    """Also within a batch, which nobody waits for then."""
    ends.front.sendall(sent)
    ends.front.shutdown(socket.SHUT_WR)
    if ends.channel.read():
        assert not ends.channel.read()
    assert ends.batches == []


def test_replies_of_many_threads_are_whole(ends):
    """Each writes its frames as one piece, the larger ones with memory of their own."""
    payloads = [bytes([number]) * (THRESHOLD_BYTES // 2 + number) for number in range(8)]

    def send(number):
        for _ in range(5):
            ends.channel.replies([ReplyFrame(number, Status.OK, "", payloads[number])] * 2)

    threads = [threading.Thread(target=send, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    splitter, replies = Splitter(2**20), []
    while len(replies) < 80:
        replies += splitter.split(ends.front.recv(2**16))
    for thread in threads:
        thread.join()
    read = [frames.unpack_reply(body) for kind, body in replies if kind == frames.REPLY]
    assert len(read) == 80
    assert all(bytes(reply.payload) == payloads[reply.id] for reply in read)


def test_large_payloads_lie_in_shared_memory_until_nothing_refers_to_them(ends):
    """The front is told of it at once, not only with the next reply."""
    front, payload = SharedPayloads(), b"x" * THRESHOLD_BYTES
    assert front.place(payload) is None
    ends.front.sendall(b"".join(front.control_frames()))
    assert ends.channel.read()
    ends.channel.give_back_memory()
    splitter = Splitter(2**20)
    for kind, body in splitter.split(ends.front.recv(2**16)):
        front.on_control_frame(kind, body)
    place = front.place(payload)
    assert place is not None
    ends.front.sendall(batch(payload, place=place))
    assert ends.channel.read()
    assert ends.payloads == [[payload]]
    ends.channel.give_back_memory()
    ends.batches.clear()
    ends.channel.give_back_memory()
    [(kind, _)] = splitter.split(ends.front.recv(2**16))
    assert kind == frames.FREED
    front.close()
