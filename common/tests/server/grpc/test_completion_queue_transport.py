import asyncio
import gc
import threading

import grpc
import grpc.aio
import pytest
from echoes import ECHO, STREAM, echo, echo_stream
from streams import FORWARDED, Admitted, forwarder

from serving_runtime.errors import MemoryExhausted, Status
from serving_runtime.operations import AnsweredBy
from serving_runtime.server.front_lock import FrontLock
from serving_runtime.server.grpc.completion_queue_call import UnaryCall
from serving_runtime.server.grpc.completion_queue_transport import CompletionQueueTransport
from serving_runtime.server.transport import NO_HEADERS, Reply, Routes

# Such calls may be shed; health checks and others of the front may not.
FOR_THE_MODEL = ECHO._replace(answered_by=AnsweredBy.MODEL)
OPTIONS = [("grpc.enable_http_proxy", 0)]


@pytest.fixture
def serve(run, settings):
    """Return a function that runs ``scenario(channel, transport)`` against a transport."""

    def serve(scenario, unary=echo, stream=echo_stream, operation=ECHO, stream_operation=STREAM):
        async def whole():
            transport = CompletionQueueTransport(
                Routes({operation: unary}, {stream_operation: stream}), settings(), FrontLock()
            )
            port = await transport.start("127.0.0.1", 0)
            async with grpc.aio.insecure_channel(f"127.0.0.1:{port}", options=OPTIONS) as channel:
                await scenario(channel, transport)
            await transport.stop(0)

        run(whole())

    return serve


async def code(call):
    """Wait for a call's status."""
    return await call.code()


def holding():
    """Return a list, and a handler that answers no request and puts each into it."""
    held = []

    def hold(request):
        held.append(request)
        return lambda: None

    return held, hold


def test_an_ended_call_leaves_nothing_for_the_garbage_collector(serve):
    """Requests may be large: each is freed with its call, whatever its end."""

    async def scenario(channel, transport):
        for _ in range(20):
            await channel.unary_unary(ECHO.grpc_method)(b"")
        await transport.stop(1)
        kept = [one for one in gc.get_objects() if isinstance(one, UnaryCall)]
        assert kept == []

    gc.collect()
    gc.disable()
    try:
        serve(scenario)
    finally:
        gc.enable()


def test_a_call_without_a_request_is_refused(serve):
    """It would else wait for a request that cannot come any more; grpc.aio leaves it waiting."""

    async def scenario(channel, transport):
        call = channel.stream_unary(ECHO.grpc_method)()
        await call.done_writing()
        assert await code(call) is grpc.StatusCode.UNIMPLEMENTED

    serve(scenario)


def test_a_lost_event_does_not_end_the_thread(serve, monkeypatch, caplog):
    """A bug in what the queue's thread runs costs one call, not the service."""

    def broken(event):
        raise ValueError("a bug")

    async def scenario(channel, transport):
        monkeypatch.setattr(transport._server, "_on_call", broken)
        call = channel.unary_unary(ECHO.grpc_method)(b"", timeout=0.2)
        assert await code(call) is not grpc.StatusCode.OK
        monkeypatch.undo()
        assert await channel.unary_unary(ECHO.grpc_method)(b"a") == b"a"

    serve(scenario)
    assert "an event of grpc's queue was lost" in caplog.text


def test_a_release_that_fails_does_not_end_the_thread(serve, caplog):
    """What is done when the lock is released, dispatching say, may fail like anything else."""

    async def scenario(channel, transport):
        failures = iter([ValueError("a bug")])

        def fail_once():
            for failure in failures:
                raise failure

        transport._lock.on_release(fail_once)
        assert await channel.unary_unary(ECHO.grpc_method)(b"a") == b"a"
        assert await channel.unary_unary(ECHO.grpc_method)(b"b") == b"b"

    serve(scenario)
    assert "the front lock's release failed" in caplog.text


def test_stopping_leaves_no_thread_and_no_way_to_crash(serve):
    """An answer that comes after the end is dropped: core would abort the process."""
    held, hold = holding()
    threads = set(threading.enumerate())

    async def scenario(channel, transport):
        calls = [channel.unary_unary(ECHO.grpc_method)(b"") for _ in range(10)]
        stream = channel.stream_stream(STREAM.grpc_method)()
        await stream.write(b"a")
        assert await stream.read() == b"a"
        while len(held) < 10:
            await asyncio.sleep(0.001)
        await transport.stop(0)
        await transport.stop(0)
        later = set(threading.enumerate()) - threads
        assert "grpc-queue" not in [thread.name for thread in later]
        for request in held:
            request.respond(Reply(Status.OK, "", b"late"), ())
        for call in [*calls, stream]:
            assert await code(call) is not grpc.StatusCode.OK

    serve(scenario, unary=hold, operation=FOR_THE_MODEL)


def test_calls_that_arrive_are_shed_and_those_that_run_are_not(serve, until):
    """While memory is short; what came before, and what comes afterwards, is answered."""
    running, hold = holding()

    async def scenario(channel, transport):
        whole = channel.unary_unary(ECHO.grpc_method)(b"whole")
        oldest = channel.stream_unary(ECHO.grpc_method)()  # it has sent no message yet
        await until(lambda: running and transport._arriving)
        arriving = channel.stream_unary(ECHO.grpc_method)()
        await until(lambda: len(transport._arriving) == 2)
        with transport._lock:
            assert transport.shed(MemoryExhausted("no room")) == 1
        assert await code(arriving) is grpc.StatusCode.RESOURCE_EXHAUSTED
        assert await arriving.details() == "no room"
        oldest.cancel()
        assert await code(channel.unary_unary(ECHO.grpc_method)(b"late")) is (
            grpc.StatusCode.RESOURCE_EXHAUSTED
        )
        with transport._lock:
            transport.shed(None)
            [request] = running
            request.respond(Reply(Status.OK, "", b"answer"), NO_HEADERS)
        assert await whole == b"answer"
        again = channel.unary_unary(ECHO.grpc_method)(b"again")
        await until(lambda: len(running) == 2)
        again.cancel()

    serve(scenario, unary=hold, operation=FOR_THE_MODEL)


def test_a_call_whose_message_has_come_is_not_taken_for_arriving(serve, until):
    """Those that are long are watched, and remembered for as long as they arrive."""
    running, hold = holding()

    async def scenario(channel, transport):
        call = channel.stream_unary(ECHO.grpc_method)()
        await until(lambda: transport._arriving)
        await call.write(b"whole")
        await until(lambda: running)
        with transport._lock:
            assert transport.shed(MemoryExhausted("no room")) == 0
            running[0].respond(Reply(Status.OK, "", b"answer"), NO_HEADERS)
        assert await call == b"answer"

    serve(scenario, unary=hold, operation=FOR_THE_MODEL)


def test_the_front_s_own_operations_are_never_shed(serve, until):
    """Health must be answered whatever else is not."""

    async def scenario(channel, transport):
        arriving = channel.stream_unary(ECHO.grpc_method)()
        await until(lambda: transport._unwatched)
        with transport._lock:
            assert transport.shed(MemoryExhausted("no room")) == 0
        assert await channel.unary_unary(ECHO.grpc_method)(b"probe") == b"probe"
        arriving.cancel()

    serve(scenario)


def test_a_message_is_asked_for_when_it_is_its_turn(serve, until):
    """Where few may arrive at a time; those that are small are all there soon."""

    async def scenario(channel, transport):
        with transport._lock:
            transport.bound_arrivals(1)
        slow = channel.stream_unary(ECHO.grpc_method)()
        await until(lambda: transport._unwatched)
        call = channel.unary_unary(ECHO.grpc_method)(b"next")
        await until(lambda: transport.arrivals._held)
        with transport._lock:
            transport.pass_on_arrivals()
        assert await call == b"next"
        await slow.write(b"slow")
        assert await slow == b"slow"
        calls = [channel.unary_unary(ECHO.grpc_method)(b"%d" % number) for number in range(100)]
        assert await asyncio.gather(*calls) == [b"%d" % number for number in range(100)]

    serve(scenario, operation=FOR_THE_MODEL)


def test_a_client_that_leaves_before_its_turn_is_forgotten(serve, until):
    """Its message does not come, and the next one's does."""

    async def scenario(channel, transport):
        with transport._lock:
            transport.bound_arrivals(1)
        slow = channel.stream_unary(ECHO.grpc_method)()
        await until(lambda: transport._unwatched)
        left = channel.unary_unary(ECHO.grpc_method)(b"left")
        await until(lambda: transport.arrivals._held)
        left.cancel()
        slow.cancel()
        assert await channel.unary_unary(ECHO.grpc_method)(b"next") == b"next"

    serve(scenario, operation=FOR_THE_MODEL)


def test_streams_for_the_model_are_shed_when_what_they_have_sent_is_answered(
    serve, until, settings
):
    """Only core knows how much of a next message it holds; nothing that was taken is lost."""
    admitted = Admitted(FrontLock())

    async def scenario(channel, transport):
        stream = channel.stream_stream(FORWARDED.grpc_method)()
        await stream.write(b"a")
        await until(lambda: admitted.requests)
        with transport._lock:
            assert transport.shed(MemoryExhausted("no room")) == 1
            assert transport.shed(MemoryExhausted("no room")) == 0
        late = channel.stream_stream(FORWARDED.grpc_method)()
        assert await code(late) is grpc.StatusCode.RESOURCE_EXHAUSTED
        admitted.answer(b"a")
        assert await stream.read() == b"A"
        assert await code(stream) is grpc.StatusCode.RESOURCE_EXHAUSTED
        assert await stream.details() == "no room"
        with transport._lock:
            transport.shed(None)
        again = channel.stream_stream(FORWARDED.grpc_method)()
        await again.write(b"b")
        await until(lambda: len(admitted.requests) == 2)
        admitted.answer(b"b")
        assert await again.read() == b"B"
        again.cancel()

    handler = forwarder(settings(), admitted.lock, admitted).answer
    serve(scenario, stream=handler, stream_operation=FORWARDED)


def test_streams_of_the_front_are_never_shed(serve):
    """Whoever watches health goes on."""

    async def scenario(channel, transport):
        stream = channel.stream_stream(STREAM.grpc_method)()
        await stream.write(b"a")
        assert await stream.read() == b"a"
        with transport._lock:
            assert transport.shed(MemoryExhausted("no room")) == 0
        await stream.write(b"b")
        assert await stream.read() == b"b"

    serve(scenario)
