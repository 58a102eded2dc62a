"""Streams whose messages are forwarded, over each transport: what the wire adds to it."""

import asyncio

import grpc.aio
import pytest
from streams import FORWARDED, Admitted, forwarder

from serving_runtime.errors import Status
from serving_runtime.server.front_lock import FrontLock
from serving_runtime.server.transport import Reply, Routes

OPTIONS = [("grpc.enable_http_proxy", 0), ("grpc.max_receive_message_length", -1)]
LARGE = b"x" * (5 * 2**20)


class World:
    """A transport, the forwarder of its streams, and what stands for the admission."""

    def __init__(self, make, settings):
        lock = FrontLock()
        self.admitted = Admitted(lock)
        self.forwarder = forwarder(settings, lock, self.admitted)
        self.transport = make(Routes({}, {FORWARDED: self.forwarder.answer}), settings, lock)
        self.channel = None

    def open(self, **options):
        """Open a stream."""
        return self.channel.stream_stream(FORWARDED.grpc_method)(**options)


@pytest.fixture
def serve(run, settings, make):
    """Return a function that runs ``scenario(world)`` against a transport."""

    def serve(scenario, **changes):
        async def whole():
            world = World(make, settings(**changes))
            port = await world.transport.start("127.0.0.1", 0)
            address = f"127.0.0.1:{port}"
            async with grpc.aio.insecure_channel(address, options=OPTIONS) as channel:
                world.channel = channel
                await scenario(world)
            await world.transport.stop(0)

        run(whole())

    return serve


def test_many_messages_are_under_way_and_answered_in_order(serve, until):
    """The client need not wait for one answer before it sends the next message."""
    messages = [b"m%d" % number for number in range(100)]

    async def scenario(world):
        stream = world.open()
        for message in messages:
            await stream.write(message)
        await stream.done_writing()
        await until(lambda: world.admitted.payloads == messages)
        world.admitted.answer(*reversed(messages))
        assert [reply async for reply in stream] == [message.upper() for message in messages]
        assert await stream.code() is grpc.StatusCode.OK

    serve(scenario)


def test_a_client_that_sends_more_than_may_be_under_way_is_held_back(serve, until):
    """Its messages stay with it, by HTTP/2's flow control, and all are answered at last."""
    messages = [b"m%d" % number + LARGE for number in range(12)]

    async def scenario(world):
        stream = world.open()

        async def send():
            for message in messages:
                await stream.write(message)
            await stream.done_writing()

        sending = asyncio.ensure_future(send())
        await until(lambda: len(world.admitted.requests) == 4)  # of 5 MiB, within 16 MiB
        for number in range(12):
            await until(lambda number=number: len(world.admitted.requests) > number)
            assert len(world.admitted.requests) <= number + 4
            request = world.admitted.requests[number]
            world.admitted.respond(request, Reply(Status.OK, "", b"%d" % number))
            assert await stream.read() == b"%d" % number
        await sending
        assert await stream.read() is grpc.aio.EOF

    serve(scenario)


def test_a_client_that_goes_away_cancels_its_messages(serve, until, caplog):
    """Whether it waits for answers or not; the log has nothing of it."""

    async def scenario(world):
        stream = world.open()
        for message in (b"a", b"b", b"c"):
            await stream.write(message)
        await until(lambda: len(world.admitted.requests) == 3)
        world.admitted.answer(b"a")
        assert await stream.read() == b"A"
        stream.cancel()
        await until(lambda: world.admitted.cancelled == [b"b", b"c"])

    serve(scenario)
    assert caplog.records == []


def test_the_deadline_of_the_stream_cancels_its_messages(serve, until, caplog):
    """Each message is handed over with what is left of it."""

    async def scenario(world):
        stream = world.open(timeout=0.3)
        await stream.write(b"a")
        await until(lambda: world.admitted.requests)
        assert 0 < world.admitted.requests[0].seconds_left <= 0.31
        assert await stream.code() is grpc.StatusCode.DEADLINE_EXCEEDED
        await until(lambda: world.admitted.cancelled == [b"a"])

    serve(scenario)
    assert caplog.records == []


def test_metadata_of_the_stream_is_that_of_its_messages(serve, until):
    """The request id leads to each of them; the state is reset before the first."""

    async def scenario(world):
        stream = world.open(metadata=(("x-request-id", "abc"), ("x-reset-state", "1")))
        await stream.write(b"a")
        await stream.write(b"b")
        await until(lambda: len(world.admitted.requests) == 2)
        first, second = world.admitted.requests
        assert (first.request_id, first.reset_state) == ("abc.1", "1")
        assert (second.request_id, second.reset_state) == ("abc.2", None)
        assert first.seconds_left is None
        stream.cancel()

    serve(scenario)


def test_failed_messages_do_not_end_the_stream(serve, until):
    """They are answered in their place."""

    async def scenario(world):
        stream = world.open()
        world.admitted.is_full = True
        await stream.write(b"a")
        assert await stream.read() == b"too many of a"
        world.admitted.is_full = False
        await stream.write(b"b")
        await until(lambda: len(world.admitted.requests) == 2)
        world.admitted.answer(b"b")
        assert await stream.read() == b"B"
        await stream.done_writing()
        assert await stream.read() is grpc.aio.EOF
        assert await stream.code() is grpc.StatusCode.OK

    serve(scenario)


def test_a_message_that_is_too_large_ends_the_stream(serve):
    """Core does that itself, before any of it is kept."""

    async def scenario(world):
        stream = world.open()
        await stream.write(b"x" * 1001)
        assert await stream.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        assert world.admitted.requests == []

    serve(scenario, max_message_bytes=1000)


def test_a_service_that_ends_answers_what_it_has_read(serve, until):
    """Then the stream ends, so that its client goes elsewhere; new ones are refused."""

    async def scenario(world):
        stream = world.open()
        await stream.write(b"a")
        await until(lambda: world.admitted.requests)
        world.forwarder.end_all()
        refused = world.open()
        assert await refused.code() is grpc.StatusCode.UNAVAILABLE
        world.admitted.answer(b"a")
        assert await stream.read() == b"A"
        assert await stream.code() is grpc.StatusCode.UNAVAILABLE
        assert "another stream" in await stream.details()

    serve(scenario)


def test_stopping_ends_streams_that_are_open(serve, until):
    """Those that run after the grace are cancelled, and so are their messages."""

    async def scenario(world):
        stream = world.open()
        await stream.write(b"a")
        await until(lambda: world.admitted.requests)
        await world.transport.stop(0.01)
        await until(lambda: world.admitted.cancelled == [b"a"])
        assert await stream.code() is not grpc.StatusCode.OK
        with world.admitted.lock:  # an answer that comes after the end
            world.admitted.requests[0].respond(Reply(Status.OK, "", b"late"), ())

    serve(scenario)


def test_streams_of_one_connection_do_not_wait_for_each_other(serve, until):
    """Each has its own order, and no other."""

    async def scenario(world):
        first, second = world.open(), world.open()
        await first.write(b"a")
        await until(lambda: world.admitted.requests)
        await second.write(b"b")
        await until(lambda: len(world.admitted.requests) == 2)
        world.admitted.answer(b"b")
        assert await second.read() == b"B"
        world.admitted.answer(b"a")
        assert await first.read() == b"A"
        first.cancel()
        second.cancel()

    serve(scenario)
