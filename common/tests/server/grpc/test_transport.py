import asyncio
import contextlib
import socket

import grpc
import grpc.aio
import pytest
from echoes import ECHO, STREAM, echo

from serving_runtime.errors import DETAIL_BYTES, InvalidInput, StartError, Status
from serving_runtime.operations import AnsweredBy, Operation
from serving_runtime.server.front_lock import FrontLock
from serving_runtime.server.grpc.asyncio_transport import AsyncioTransport
from serving_runtime.server.metrics import GrpcCounts
from serving_runtime.server.transport import Reply, Routes

OPTIONS = [("grpc.enable_http_proxy", 0), ("grpc.max_receive_message_length", -1)]


class Service:
    """The handlers of a transport: answers with what the test sets, or not at all."""

    def __init__(self):
        self.requests = []
        self.cancelled = []
        self.complaint = "an empty message"
        self.answer = lambda request: request.respond(Reply(Status.OK, "", b""), ())
        self.routes = Routes({ECHO: self.accept}, {STREAM: self.stream})

    def accept(self, request):
        """Take a request."""
        self.requests.append(request)
        self.answer(request)
        return lambda: self.cancelled.append(request)

    async def stream(self, stream):
        """Echo the requests of a stream; an empty one is refused."""
        self.requests.append(stream)
        async for payload in stream.messages:
            if not payload:
                raise InvalidInput(self.complaint) if self.complaint else ValueError("a bug")
            yield payload


@pytest.fixture
def service():
    """Return a service that answers nothing of its own."""
    return Service()


@pytest.fixture
def serve(run, service, settings, make):
    """Return a function that runs ``scenario(channel)`` against a transport."""

    def serve(scenario, **changes):
        async def whole():
            transport = make(service.routes, settings(**changes), FrontLock())
            port = await transport.start("127.0.0.1", 0)
            async with grpc.aio.insecure_channel(f"127.0.0.1:{port}", options=OPTIONS) as channel:
                await scenario(channel)
            await transport.stop(0)

        run(whole())

    return serve


async def failure(call):
    """Wait for a call to fail, and return its error."""
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    return caught.value


@pytest.mark.parametrize(
    "payload", [b"", b"\x00\xff" * 10, b"x" * (5 * 2**20)], ids=["empty", "binary", "large"]
)
def test_bytes_go_in_and_out(serve, service, payload):
    """Whatever they are: nothing is parsed, and grpc's own 4 MiB are no limit."""
    service.answer = echo

    async def scenario(channel):
        call = channel.unary_unary(ECHO.grpc_method)(payload)
        assert await call == payload
        assert service.requests[0].operation is ECHO

    serve(scenario)


@pytest.mark.parametrize("status", [status for status in Status if status is not Status.OK])
def test_every_status_reaches_the_client_with_details_and_metadata(serve, service, status):
    """The numbers of ours are grpc's codes, and the request id comes along."""
    service.answer = lambda request: request.respond(
        Reply(status, "why: 100% \N{SNOWMAN}", b""), [("x-request-id", "abc")]
    )

    async def scenario(channel):
        error = await failure(channel.unary_unary(ECHO.grpc_method)(b""))
        assert error.code().value[0] == status
        assert error.details() == "why: 100% \N{SNOWMAN}"
        assert ("x-request-id", "abc") in tuple(error.trailing_metadata())

    serve(scenario)


@pytest.mark.parametrize("kind", [ECHO, STREAM], ids=["unary", "stream"])
def test_details_on_the_wire_are_one_short_line(serve, service, kind):
    """A header that is longer would hide the status behind RESOURCE_EXHAUSTED."""
    long = "line\n" + "\N{SNOWMAN}" * DETAIL_BYTES

    async def scenario(channel):
        if kind is ECHO:
            call = channel.unary_unary(ECHO.grpc_method)(b"")
        else:
            call = channel.unary_stream(STREAM.grpc_method)(b"")
        assert await call.code() is grpc.StatusCode.INVALID_ARGUMENT
        details = await call.details()
        assert details.startswith("line \N{SNOWMAN}")
        assert DETAIL_BYTES - 4 <= len(details.encode()) <= DETAIL_BYTES

    service.complaint = long
    service.answer = lambda request: request.respond(Reply(Status.INVALID_ARGUMENT, long, b""), ())
    serve(scenario)


def test_many_calls_at_once_get_their_own_answers(serve, service):
    """However their events are mixed and handed over together."""
    service.answer = echo
    payloads = [b"%d" % number for number in range(300)]

    async def scenario(channel):
        calls = [channel.unary_unary(ECHO.grpc_method)(payload) for payload in payloads]
        assert await asyncio.gather(*calls) == payloads

    serve(scenario)


def test_compressed_requests_are_read(serve, service):
    """GRPC unpacks them."""
    service.answer = echo

    async def scenario(channel):
        call = channel.unary_unary(ECHO.grpc_method)(b"x" * 5000, compression=grpc.Compression.Gzip)
        assert await call == b"x" * 5000

    serve(scenario)


def test_success_has_no_metadata_of_ours(serve, service):
    """Clients see the reply, and nothing else."""

    async def scenario(channel):
        call = channel.unary_unary(ECHO.grpc_method)(b"")
        await call
        assert "x-request-id" not in dict(await call.trailing_metadata())

    serve(scenario)


def test_success_may_carry_metadata(serve, service):
    """What an answer has beside its bytes comes at its end."""
    service.answer = lambda request: request.respond(
        Reply(Status.OK, "", b"reply"), [("x-state-epoch", "3")]
    )

    async def scenario(channel):
        call = channel.unary_unary(ECHO.grpc_method)(b"")
        assert await call == b"reply"
        assert ("x-state-epoch", "3") in tuple(await call.trailing_metadata())

    serve(scenario)


def test_a_wish_to_reset_is_handed_over_unread(serve, service):
    """As the client wrote it, the first of several; None where there is none, unlike empty."""
    sent = ["1", "nonsense", ""]

    async def scenario(channel):
        for text in sent:
            await channel.unary_unary(ECHO.grpc_method)(b"", metadata=[("x-reset-state", text)])
        twice = [("x-reset-state", "1"), ("x-request-id", "a"), ("x-reset-state", "0")]
        await channel.unary_unary(ECHO.grpc_method)(b"", metadata=twice)
        await channel.unary_unary(ECHO.grpc_method)(b"")

    serve(scenario)
    assert [request.reset_state for request in service.requests] == [*sent, "1", None]


def test_request_id_and_deadline_are_handed_over(serve, service):
    """The client's id from its metadata, and the time it gave."""

    async def scenario(channel):
        await channel.unary_unary(ECHO.grpc_method)(
            b"", timeout=30, metadata=[("x-request-id", "abc")]
        )
        await channel.unary_unary(ECHO.grpc_method)(b"")

    serve(scenario)
    first, second = service.requests
    assert first.request_id == "abc"
    assert 10 < first.seconds_left <= 30.1
    assert second.request_id == ""
    assert second.seconds_left is None


def test_unknown_method_is_unimplemented(serve, service):
    """A client of another service learns that this is the wrong one."""

    async def scenario(channel):
        error = await failure(channel.unary_unary("/test.Service/Other")(b""))
        assert error.code() is grpc.StatusCode.UNIMPLEMENTED

    serve(scenario)
    assert service.requests == []


@pytest.mark.parametrize(("size", "fits"), [(1000, True), (1001, False)])
def test_too_large_message_is_refused(serve, service, size, fits):
    """RUNTIME_MAX_MESSAGE_BYTES itself fits; more never reaches the front's memory."""

    async def scenario(channel):
        call = channel.unary_unary(ECHO.grpc_method)(b"x" * size)
        if fits:
            await call
        else:
            assert (await failure(call)).code() is grpc.StatusCode.RESOURCE_EXHAUSTED

    serve(scenario, max_message_bytes=1000)
    assert len(service.requests) == fits


def test_client_that_goes_away_cancels_its_call(serve, service, until):
    """So that nobody works for it."""
    service.answer = lambda request: None

    async def scenario(channel):
        call = channel.unary_unary(ECHO.grpc_method)(b"")
        await until(lambda: service.requests)
        call.cancel()
        await until(lambda: service.cancelled)
        assert service.cancelled == service.requests
        # An answer that comes later has nobody to go to.
        service.requests[0].respond(Reply(Status.OK, "", b"late"), ())

    serve(scenario)


def test_deadline_of_the_client_cancels_its_call(serve, service, until):
    """The service learns that a client has stopped waiting."""
    service.answer = lambda request: None

    async def scenario(channel):
        error = await failure(channel.unary_unary(ECHO.grpc_method)(b"", timeout=0.2))
        assert error.code() is grpc.StatusCode.DEADLINE_EXCEEDED
        await until(lambda: service.cancelled)

    serve(scenario)


def test_answered_call_is_not_cancelled(serve, service):
    """The function to cancel is for calls without an answer."""

    async def scenario(channel):
        await channel.unary_unary(ECHO.grpc_method)(b"")

    serve(scenario)
    assert service.cancelled == []


def test_second_answer_is_dropped(serve, service):
    """Whoever answers twice does not break the call."""

    def twice(request):
        request.respond(Reply(Status.OK, "", b"first"), ())
        request.respond(Reply(Status.OK, "", b"second"), ())

    service.answer = twice

    async def scenario(channel):
        assert await channel.unary_unary(ECHO.grpc_method)(b"") == b"first"

    serve(scenario)


def test_streams_are_answered_message_by_message(serve):
    """Health's Watch and reflection: the client sees each reply before it asks again."""

    async def scenario(channel):
        call = channel.stream_stream(STREAM.grpc_method)()
        for payload in (b"a", b"b"):
            await call.write(payload)
            assert await call.read() == payload
        await call.done_writing()
        assert await call.read() is grpc.aio.EOF
        assert await call.code() is grpc.StatusCode.OK

    serve(scenario)


@pytest.mark.parametrize("payload", [b"a", b""], ids=["success", "failure"])
def test_streams_may_carry_metadata_at_their_end(serve, service, payload):
    """However they end; handlers put it there meanwhile."""

    async def scenario(channel):
        call = channel.stream_stream(STREAM.grpc_method)()
        await call.write(b"a")
        assert await call.read() == b"a"
        service.requests[0].trailers.append(("x-state-epoch", "3"))
        await call.write(payload)
        await call.done_writing()
        with contextlib.suppress(grpc.aio.AioRpcError):
            while await call.read() is not grpc.aio.EOF:
                pass
        assert ("x-state-epoch", "3") in tuple(await call.trailing_metadata())

    serve(scenario)


def test_stream_ends_with_the_status_of_an_error(serve):
    """What a handler raises is told, not hidden behind UNKNOWN."""

    async def scenario(channel):
        call = channel.stream_stream(STREAM.grpc_method)()
        await call.write(b"")
        await failure(call.read())
        assert await call.code() is grpc.StatusCode.INVALID_ARGUMENT
        assert await call.details() == "an empty message"

    serve(scenario)


def test_port_in_use_stops_the_start(run, service, settings, make, capfd):
    """Two servers that silently shared a port would each get half of the calls."""

    async def scenario():
        with contextlib.closing(socket.socket()) as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen(1)
            port = taken.getsockname()[1]
            transport = make(service.routes, settings(), FrontLock())
            with pytest.raises(StartError, match=f"127.0.0.1:{port}") as caught:
                await transport.start("127.0.0.1", port)
            assert "APP_PORT" in caught.value.fix
            await transport.stop(0)

    run(scenario())


def test_own_port_cannot_be_taken_by_a_second_one(run, service, settings, make, capfd):
    """Not even by a server of the same kind: SO_REUSEPORT is off."""

    async def scenario():
        first = make(service.routes, settings(), FrontLock())
        port = await first.start("127.0.0.1", 0)
        second = make(service.routes, settings(), FrontLock())
        with pytest.raises(StartError):
            await second.start("127.0.0.1", port)
        await second.stop(0)
        await first.stop(0)

    run(scenario())


def test_stopping_cancels_what_still_runs_after_the_grace(run, service, settings, make, until):
    """A call that never ends must not keep the service alive."""
    service.answer = lambda request: None

    async def scenario():
        transport = make(service.routes, settings(), FrontLock())
        port = await transport.start("127.0.0.1", 0)
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}", options=OPTIONS) as channel:
            call = channel.unary_unary(ECHO.grpc_method)(b"")
            await until(lambda: service.requests)
            await transport.stop(0.01)
            await until(lambda: service.cancelled)
            with contextlib.suppress(asyncio.CancelledError):
                await failure(call)

    run(scenario())


def test_a_silent_connection_does_not_keep_it_from_stopping(run, settings, make):
    """One that has not even begun to speak HTTP/2."""

    async def scenario():
        transport = make(Routes({}, {}), settings(), FrontLock())
        port = await transport.start("127.0.0.1", 0)
        with socket.create_connection(("127.0.0.1", port)):
            await transport.stop(0)

    run(scenario())


def test_what_a_handler_raises_fails_its_call_alone(serve, service, caplog):
    """The client is answered, the log has the reason, and those that were behind it go on."""

    def answer(request):
        if request.payload == b"bad":
            raise ValueError("a bug")
        echo(request)

    service.answer = answer

    async def scenario(channel):
        payloads = [b"good", b"bad"] * 20
        calls = [channel.unary_unary(ECHO.grpc_method)(payload) for payload in payloads]
        codes = [(await call.code()).name for call in calls]
        assert codes == ["OK", "INTERNAL"] * 20
        assert "a bug" not in await calls[1].details()

    serve(scenario)
    assert [str(record.exc_info[1]) for record in caplog.records] == ["a bug"] * 20


def test_what_a_stream_raises_ends_it(serve, service, caplog):
    """The client is told that it failed, not why, and does not wait for ever."""
    service.complaint = None

    async def scenario(channel):
        call = channel.stream_stream(STREAM.grpc_method)()
        await call.write(b"a")
        assert await call.read() == b"a"
        await call.write(b"")
        assert await call.code() is grpc.StatusCode.INTERNAL
        assert "a bug" not in await call.details()

    serve(scenario)
    assert [str(record.exc_info[1]) for record in caplog.records] == ["a bug"]


def test_a_stream_whose_client_goes_away_is_no_failure(run, settings, make, until, caplog):
    """Its handler is cancelled, and the log has nothing of it."""
    left = []

    async def wait(stream):
        try:
            async for _ in stream.messages:
                yield b"here"
        finally:
            left.append(True)

    async def scenario():
        transport = make(Routes({}, {STREAM: wait}), settings(), FrontLock())
        port = await transport.start("127.0.0.1", 0)
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}", options=OPTIONS) as channel:
            call = channel.stream_stream(STREAM.grpc_method)()
            await call.write(b"a")
            assert await call.read() == b"here"
            call.cancel()
            await until(lambda: left)
        await transport.stop(0)

    run(scenario())
    assert caplog.records == []


def test_operations_of_other_transports_are_not_there(run, settings, make):
    """A row without a gRPC method is no method of an empty name."""
    other = Operation("test.other", AnsweredBy.FRONT, "")

    async def scenario():
        transport = make(Routes({other: echo, ECHO: echo}, {}), settings(), FrontLock())
        port = await transport.start("127.0.0.1", 0)
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}", options=OPTIONS) as channel:
            assert await channel.unary_unary(ECHO.grpc_method)(b"x") == b"x"
            error = await failure(channel.unary_unary("")(b""))
            assert error.code() is grpc.StatusCode.UNIMPLEMENTED
        await transport.stop(0)

    run(scenario())


def test_it_shuts_down_in_steps(run, service, settings, make, until):
    """Strangers are refused, those inside are served until their connection has come of age."""
    service.answer = echo

    async def scenario():
        chosen = settings(connection_age_seconds=0.5)
        transport = make(service.routes, chosen, FrontLock())
        port = await transport.start("127.0.0.1", 0)
        assert transport.open_connections == 0
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}", options=OPTIONS) as channel:
            assert await channel.unary_unary(ECHO.grpc_method)(b"a") == b"a"
            assert transport.open_connections == 1
            transport.stop_accepting()
            with pytest.raises(ConnectionRefusedError):
                socket.create_connection(("127.0.0.1", port), timeout=10)
            assert transport.announce_close() == pytest.approx(1.55)
            await until(lambda: transport.open_connections == 0)
        await transport.stop(0)

    run(scenario())


@pytest.mark.parametrize("kind", [ECHO, STREAM], ids=["unary", "stream"])
def test_the_trace_that_a_call_is_part_of_is_passed_on(serve, service, kind):
    """What is well-formed of it, and nothing else of the metadata."""
    service.answer = echo
    parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    sent = (("traceparent", parent), ("tracestate", "a=b"), ("baggage", "=no"), ("x-other", "y"))

    async def scenario(channel):
        for metadata in (sent, (("baggage", "a=b"),), (("x-other", "y"),)):
            if kind is ECHO:
                await channel.unary_unary(ECHO.grpc_method)(b"x", metadata=metadata)
            else:
                assert await channel.unary_stream(STREAM.grpc_method)(
                    b"x", metadata=metadata
                ).read()

    serve(scenario)
    assert [request.attributes for request in service.requests] == [
        {"traceparent": parent, "tracestate": "a=b"}, {"baggage": "a=b"}, {},
    ]  # fmt: skip


@pytest.fixture
def count(run, service, settings, make):
    """Return a function that runs ``scenario(channel, counts)`` and returns the counts."""

    def count(scenario):
        counts = GrpcCounts()
        service.answer = lambda request: None

        async def whole():
            chosen = settings(max_message_bytes=1000)
            transport = make(service.routes, chosen, FrontLock(), counts=counts)
            port = await transport.start("127.0.0.1", 0)
            async with grpc.aio.insecure_channel(f"127.0.0.1:{port}", options=OPTIONS) as channel:
                await scenario(channel, counts.unknown)
            await transport.stop(0)

        run(whole())
        assert counts.unknown.started == sum(counts.unknown.codes)
        return counts

    return count


def test_a_message_that_is_too_large_is_counted(count, until):
    """It is refused by gRPC's core, and no handler sees it."""

    async def scenario(channel, method):
        error = await failure(channel.unary_unary(ECHO.grpc_method)(bytes(5000)))
        assert error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        await until(lambda: method.codes[Status.RESOURCE_EXHAUSTED] == 1)

    assert count(scenario).refusals == {"request_too_large": 1}


def test_a_client_that_goes_is_counted(count, until, service, make):
    """With its message, or before; then grpcio's public server does not say that it has gone."""

    async def nothing():
        await asyncio.Event().wait()
        yield b""

    async def scenario(channel, method):
        call = channel.unary_unary(ECHO.grpc_method)(b"x")
        await until(lambda: service.requests)
        call.cancel()
        await until(lambda: method.codes[Status.CANCELLED] == 1)
        silent = channel.stream_unary(ECHO.grpc_method)(nothing())
        await until(lambda: method.started == 2)
        silent.cancel()
        await until(lambda: sum(method.codes) == 2)

    guessed = count(scenario).refusals
    assert guessed == {} or make is AsyncioTransport
