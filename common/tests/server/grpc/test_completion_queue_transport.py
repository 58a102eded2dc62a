import asyncio
import gc
import threading

import grpc
import grpc.aio
import pytest
from echoes import ECHO, STREAM, echo, echo_stream

from serving_runtime.errors import Status
from serving_runtime.server.front_lock import FrontLock
from serving_runtime.server.grpc import completion_queue_transport
from serving_runtime.server.grpc.completion_queue_transport import CompletionQueueTransport
from serving_runtime.server.transport import Reply, Routes

OPTIONS = [("grpc.enable_http_proxy", 0)]


@pytest.fixture
def serve(run, settings):
    """Return a function that runs ``scenario(channel, transport)`` against a transport."""

    def serve(scenario, unary=echo, stream=echo_stream):
        async def whole():
            transport = CompletionQueueTransport(
                Routes({ECHO: unary}, {STREAM: stream}), settings(), FrontLock()
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


def test_an_ended_call_leaves_nothing_for_the_garbage_collector(serve):
    """Requests may be large: each is freed with its call, whatever its end."""

    async def scenario(channel, transport):
        for _ in range(20):
            await channel.unary_unary(ECHO.grpc_method)(b"")
        await transport.stop(1)
        kept = [
            one
            for one in gc.get_objects()
            if isinstance(one, completion_queue_transport._UnaryCall)
        ]
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
    held = []
    threads = set(threading.enumerate())

    def hold(request):
        held.append(request)
        return lambda: None

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

    serve(scenario, unary=hold)
