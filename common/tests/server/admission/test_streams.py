import asyncio
import gc
import threading
import time

import pytest
from streams import FORWARDED, Admitted, forwarder

from serving_runtime.errors import MemoryExhausted, NotAvailable, Status
from serving_runtime.server.admission import streams
from serving_runtime.server.transport import Reply, Stream


class Conversation:
    """A stream's client and what it is answered.

    Attributes:
        answers: what has come, in order.
        taken: how many messages were read of the client's.
        trailers: what goes with the end.
        ending: the task that ends with the stream, or with its error.
    """

    def __init__(self, forwarder, request_id="", seconds_left=None, reset_state=None):
        self.answers = []
        self.taken = 0
        self._sent = asyncio.Queue()
        self.trailers = []
        stream = Stream(
            FORWARDED, self._messages(), request_id, seconds_left, reset_state, self.trailers
        )
        self.ending = asyncio.ensure_future(self._receive(forwarder.answer(stream)))

    def send(self, *messages):
        """Send messages; None ends the client's half, an exception breaks it."""
        for message in messages:
            self._sent.put_nowait(message)

    async def _messages(self):
        while True:
            message = await self._sent.get()
            if message is None:
                return
            if isinstance(message, Exception):
                raise message
            self.taken += 1
            yield message

    async def _receive(self, replies):
        try:
            async for reply in replies:
                self.answers.append(reply)
        finally:
            await replies.aclose()


@pytest.fixture
def admitted(lock):
    """Return what stands for the admission."""
    return Admitted(lock)


@pytest.fixture
def make(loop, lock, settings, admitted):
    """Return a function that makes a forwarder."""
    return lambda **changes: forwarder(settings(**changes), lock, admitted)


async def settle():
    """Let everything happen that needs no time to pass."""
    for _ in range(20):
        await asyncio.sleep(0)


def test_messages_are_under_way_together_and_answered_in_order(run, make, admitted, until):
    """However their calls end: clients match answers to messages by their place."""

    async def scenario():
        client = Conversation(make())
        client.send(b"a", b"b", b"c", None)
        await until(lambda: admitted.payloads == [b"a", b"b", b"c"])
        admitted.answer(b"c", b"b")
        await settle()
        assert client.answers == []
        admitted.answer(b"a")
        await client.ending
        assert client.answers == [b"A", b"B", b"C"]

    run(scenario())


def test_an_answer_is_given_before_the_next_message_comes(run, make, admitted, until):
    """A client may wait for each before it sends another."""

    async def scenario():
        client = Conversation(make())
        for message in (b"a", b"b"):
            client.send(message)
            await until(lambda message=message: message in admitted.payloads)
            admitted.answer(message)
            await until(lambda message=message: message.upper() in client.answers)
        client.send(None)
        await client.ending

    run(scenario())


def test_a_refused_message_does_not_end_the_stream(run, make, admitted, until):
    """Its answer is a message that says why, made of what was sent."""

    async def scenario():
        client = Conversation(make())
        admitted.is_full = True
        client.send(b"a")
        await until(lambda: client.answers == [b"too many of a"])
        admitted.is_full = False
        client.send(b"b", None)
        await until(lambda: admitted.payloads == [b"a", b"b"])
        admitted.answer(b"b")
        await client.ending
        assert client.answers == [b"too many of a", b"B"]

    run(scenario())


def test_a_workers_failure_is_handed_on_as_it_is(run, make, admitted, until):
    """Workers write it themselves, in their protocol's words."""

    async def scenario():
        client = Conversation(make())
        client.send(b"a", b"b", None)
        await until(lambda: len(admitted.requests) == 2)
        admitted.respond(admitted.requests[0], Reply(Status.INTERNAL, "why", b"theirs"))
        admitted.respond(admitted.requests[1], Reply(Status.INTERNAL, "why", b""))
        await client.ending
        assert client.answers == [b"theirs", b"why of b"]

    run(scenario())


def test_an_empty_answer_is_no_failure(run, make, admitted, until):
    """Protobuf writes a message of defaults so."""

    async def scenario():
        client = Conversation(make())
        client.send(b"a", None)
        await until(lambda: admitted.requests)
        admitted.respond(admitted.requests[0], Reply(Status.OK, "", b""))
        await client.ending
        assert client.answers == [b""]

    run(scenario())


def test_a_client_is_held_back_by_the_number_of_its_messages(run, make, admitted, until):
    """No more is read than may be under way: as much as fills a worker, and no queue."""
    bounds = {"max_queue_calls": 4}

    async def scenario():
        client = Conversation(make(**bounds))
        messages = [b"m%d" % number for number in range(20)]
        client.send(*messages, None)
        await settle()
        assert admitted.payloads == messages[:4]
        assert client.taken == 4
        admitted.answer(messages[0])
        await until(lambda: client.taken == 5)
        await settle()
        assert client.taken == 5
        while len(client.answers) < 20:
            admitted.answer(*admitted.payloads[len(client.answers) :])
            await settle()
        await client.ending
        assert client.answers == [message.upper() for message in messages]

    run(scenario())


def test_a_client_is_held_back_by_the_bytes_of_its_messages(run, make, admitted, monkeypatch):
    """One large message at a time is read; small ones go together."""
    monkeypatch.setattr(streams, "MAX_BYTES", 10)

    async def scenario():
        client = Conversation(make())
        client.send(b"x" * 9, b"y", b"small", None)
        await settle()
        assert client.taken == 2
        admitted.answer(b"x" * 9)
        await settle()
        assert client.taken == 3
        admitted.answer(b"y", b"small")
        await client.ending

    run(scenario())


def test_a_client_that_goes_away_cancels_what_is_not_answered(run, make, admitted, until):
    """So that nobody works for it; what was answered already is done."""

    async def scenario():
        client = Conversation(make())
        client.send(b"a", b"b", b"c")
        await until(lambda: len(admitted.requests) == 3)
        admitted.answer(b"a")
        await until(lambda: client.answers)
        client.ending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await client.ending
        assert admitted.cancelled == [b"b", b"c"]
        admitted.answer(b"b")  # a late one has nobody to go to
        await settle()

    run(scenario())


def test_the_streams_deadline_is_that_of_each_message(run, make, admitted, until):
    """The later a message comes the less is left for it; a stream without one gives none."""

    async def scenario():
        with_deadline, without = Conversation(make(), seconds_left=30.0), Conversation(make())
        with_deadline.send(b"a")
        await until(lambda: len(admitted.requests) == 1)
        passed = time.monotonic() + 0.01
        await until(lambda: time.monotonic() > passed)
        with_deadline.send(b"b")
        await until(lambda: len(admitted.requests) == 2)
        without.send(b"c")
        await until(lambda: len(admitted.requests) == 3)
        first, second, third = [request.seconds_left for request in admitted.requests]
        assert second + 0.01 <= first <= 30.0
        assert third is None
        for client in (with_deadline, without):
            client.ending.cancel()

    run(scenario())


def test_each_message_has_a_request_id_of_its_own(run, make, admitted, until):
    """Made of the stream's, by which all of them are found in the log."""

    async def scenario():
        for client in (Conversation(make(), request_id="abc"), Conversation(make())):
            client.send(b"a", b"b")
            await settle()
            client.ending.cancel()
        ids = [request.request_id for request in admitted.requests]
        assert ids == ["abc.1", "abc.2", "", ""]
        assert {request.operation for request in admitted.requests} == {FORWARDED}

    run(scenario())


def test_the_state_is_reset_before_the_first_message_only(run, make, admitted):
    """What the metadata of a stream asks for happens once."""

    async def scenario():
        client = Conversation(make(), reset_state="1")
        client.send(b"a", b"b")
        await settle()
        assert [request.reset_state for request in admitted.requests] == ["1", None]
        client.ending.cancel()

    run(scenario())


def test_what_goes_with_the_last_answer_goes_with_the_end(run, make, admitted, until):
    """The state of a stateful model, say; the id of a failed message is no matter of the stream."""

    async def scenario():
        client = Conversation(make())
        client.send(b"a", b"b", None)
        await until(lambda: len(admitted.requests) == 2)
        for epoch, request in enumerate(admitted.requests):
            with admitted.lock:
                headers = [("x-state-epoch", str(epoch)), ("x-request-id", "id")]
                request.respond(Reply(Status.OK, "", b"answer"), headers)
        await client.ending
        assert client.trailers == [("x-state-epoch", "1")]

    run(scenario())


def test_at_the_end_of_the_service_what_was_read_is_answered(run, make, admitted, until):
    """Nothing that was taken is lost; the rest is for another stream, and another server."""

    async def scenario():
        forwarder = make()
        client, idle = Conversation(forwarder), Conversation(forwarder)
        client.send(b"a", b"b")
        await until(lambda: len(admitted.requests) == 2)
        forwarder.end_all()
        client.send(b"c")
        with pytest.raises(NotAvailable, match="shutting down"):
            await idle.ending
        await settle()
        assert not client.ending.done()
        admitted.answer(b"a", b"b")
        with pytest.raises(NotAvailable, match="another stream"):
            await client.ending
        assert client.answers == [b"A", b"B"]
        assert admitted.payloads == [b"a", b"b"]

    run(scenario())


def test_a_stream_that_its_client_has_ended_ends_well(run, make, admitted, until):
    """Also where the service ends meanwhile: all that was asked is answered."""

    async def scenario():
        forwarder = make()
        client = Conversation(forwarder)
        client.send(b"a", None)
        await until(lambda: admitted.requests)
        await settle()
        forwarder.end_all()
        admitted.answer(b"a")
        await client.ending
        assert client.answers == [b"A"]

    run(scenario())


def test_new_streams_are_refused_while_old_ones_go_on(run, make, admitted, until):
    """A draining service serves those that are connected until it ends."""

    async def scenario():
        forwarder = make()
        old = Conversation(forwarder)
        await settle()
        forwarder.refuse_new()
        with pytest.raises(NotAvailable, match="shutting down"):
            await Conversation(forwarder).ending
        old.send(b"a", None)
        await until(lambda: admitted.requests)
        admitted.answer(b"a")
        await old.ending
        assert old.answers == [b"A"]

    run(scenario())


def test_a_stream_ends_at_the_longest_time_of_a_call(run, make, admitted, until):
    """In an orderly way, before grpc cuts its connection."""

    async def scenario():
        client = Conversation(make(request_timeout_seconds=0.05))
        client.send(b"a")
        await until(lambda: admitted.requests)
        admitted.answer(b"a")
        with pytest.raises(NotAvailable, match="RUNTIME_REQUEST_TIMEOUT"):
            await client.ending
        assert client.answers == [b"A"]

    run(scenario())


def test_what_ends_the_reading_ends_the_stream_after_its_answers(run, make, admitted, until):
    """A transport that can read no more says why."""

    async def scenario():
        client = Conversation(make())
        client.send(b"a", MemoryExhausted("no room"))
        await until(lambda: admitted.requests)
        await settle()
        admitted.answer(b"a")
        with pytest.raises(MemoryExhausted, match="no room"):
            await client.ending
        assert client.answers == [b"A"]

    run(scenario())


def test_a_stream_without_messages_ends(run, make):
    """A client may close its half without having asked."""

    async def scenario():
        client = Conversation(make())
        client.send(None)
        await client.ending
        assert client.answers == []

    run(scenario())


def test_answers_may_come_from_any_thread(run, make, admitted, until):
    """As replies do, which are read by whichever thread is there."""

    async def scenario():
        client = Conversation(make())
        messages = [b"m%d" % number for number in range(50)]
        client.send(*messages, None)
        await until(lambda: len(admitted.requests) == 50)
        thread = threading.Thread(target=admitted.answer, args=tuple(messages))
        thread.start()
        await client.ending
        thread.join()
        assert client.answers == [message.upper() for message in messages]

    run(scenario())


def test_messages_leave_nothing_for_the_garbage_collector(run, make, admitted, until):
    """Messages may be large: each is freed with its answer, however that comes."""

    async def scenario():
        client = Conversation(make())
        await settle()
        gc.collect()
        gc.disable()
        try:
            client.send(b"a")
            await until(lambda: admitted.requests)
            admitted.answer(b"a")
            admitted.is_full = True
            client.send(b"b")
            await until(lambda: len(client.answers) == 2)
            admitted.requests.clear()
            await settle()
            left = [it for it in gc.get_objects() if isinstance(it, streams._Message)]
            assert left == []
        finally:
            gc.enable()
        client.ending.cancel()

    run(scenario())
