import contextlib
import socket

import pytest

from serving_runtime.server.workers.socket import WorkerSocket


@pytest.fixture
def ends(loop, lock):
    """Yield our end, the other one, what was received, and how often it has ended."""

    class Ends:
        def __init__(self):
            ours, self.theirs = socket.socketpair()
            self.received, self.ended = [], 0
            self.ours = WorkerSocket(ours, lock, self.received.append, self._on_end)

        def write(self, data):
            with lock:
                self.ours.write([data])

        def read(self):
            with lock:
                self.ours.read()

        def _on_end(self):
            self.ended += 1

    made = Ends()
    yield made
    made.theirs.close()


def test_any_thread_that_holds_the_front_lock_may_read(run, until, ends):
    """What was read is not read again by the event loop, nor in another order."""

    async def scenario():
        ends.theirs.send(b"first")
        ends.read()
        assert ends.received == [b"first"]
        ends.read()  # nothing there: it does not wait
        ends.theirs.send(b"second")
        await until(lambda: len(ends.received) == 2)
        assert ends.received == [b"first", b"second"]

    run(scenario())


def test_more_than_there_is_room_for_is_sent_in_order(run, until, ends):
    """Writing never waits; the event loop sends the rest when the other end has read."""
    pieces = [bytes([number]) * 2**20 for number in range(4)]
    ends.theirs.setblocking(False)
    found = bytearray()

    def has_all():
        with contextlib.suppress(BlockingIOError):
            found.extend(ends.theirs.recv(2**20))
        return len(found) == 2**22

    async def scenario():
        for piece in pieces:
            ends.write(piece)
        await until(has_all)

    run(scenario())
    assert found == b"".join(pieces)


@pytest.mark.parametrize("how", ["theirs", "ours", "unread"])
def test_end_is_told_once(run, until, ends, how):
    """Whether the other end closes, we shut it, or it closes with bytes that it has not read."""

    async def scenario():
        if how == "unread":
            ends.write(b"x" * 2**22)
        if how == "ours":
            ends.ours.shut()
        else:
            ends.theirs.close()
        ends.read()
        await until(lambda: ends.ended)
        ends.write(b"late")
        ends.ours.shut()
        assert ends.ended == 1

    run(scenario())
