import asyncio
import gzip
import zlib

import pytest
from echoes_of_http import failed, hold

from serving_runtime.errors import MemoryExhausted, ModelFailed, QueueFull, StartError, Status
from serving_runtime.server.front_lock import FrontLock
from serving_runtime.server.http.transport import HttpTransport
from serving_runtime.server.transport import Reply

LARGE = b"0123456789" * (1 << 18)  # more than one read, and more than a socket's buffers


@pytest.mark.parametrize("body", [b"", b"\x00\xff" * 10, LARGE], ids=["empty", "binary", "large"])
def test_bytes_go_in_and_out(serve, service, body):
    """Whatever they are, and time after time on one connection."""

    async def scenario(client, transport):
        for _ in range(3):
            client.post(body)
            answer = await client.answer()
            assert (answer.status, answer.body) == (200, body)
            assert answer.headers["content-type"] == "application/json"
            assert "connection" not in answer.headers

    serve(scenario)
    assert [request.payload for request in service.requests] == [body] * 3


def test_what_a_request_says_beside_its_body(serve, service):
    """The model of the path, the client's deadline and id, and where its binary data begins."""

    async def scenario(client, transport):
        client.post(
            b"x", "X-Request-Id: one", "x-request-timeout: 250ms", "X-Reset-State: 1",
            "Inference-Header-Content-Length: 7", "X-Other: secret", path="/models/a%20b/echo?x=y",
        )  # fmt: skip
        await client.answer()

    serve(scenario)
    [request] = service.requests
    assert request.target == "a b"
    assert request.attributes == {"inference-header-content-length": "7"}
    assert (request.request_id, request.seconds_left, request.reset_state) == ("one", 0.25, "1")


def test_the_trace_that_a_request_is_part_of_is_passed_on(serve, service):
    """What is well-formed of it; two parents are none."""
    parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

    async def scenario(client, transport):
        for headers in (
            (f"Traceparent: {parent}", "tracestate: a=b", "tracestate: c=d", "baggage: e=f"),
            (f"traceparent: {parent}", f"traceparent: {parent}", "baggage: e=f"),
            (f"traceparent: {parent}", "Inference-Header-Content-Length: 7", "baggage: f"),
        ):
            client.post(b"x", *headers)
            await client.answer()

    serve(scenario)
    assert [request.attributes for request in service.requests] == [
        {"traceparent": parent, "tracestate": "a=b, c=d", "baggage": "e=f"},
        {"baggage": "e=f"},
        {"traceparent": parent, "inference-header-content-length": "7"},
    ]


def test_what_a_request_does_not_say_is_empty(serve, service):
    """None for what has a meaning when it is there."""

    async def scenario(client, transport):
        client.post(b"x")
        await client.answer()

    serve(scenario)
    [request] = service.requests
    assert (request.target, request.request_id, request.attributes) == ("", "", {})
    assert request.seconds_left is None
    assert request.reset_state is None


def test_what_a_reply_says_beside_its_body(serve, service):
    """Its type, where its binary data begins, and the headers of admission."""
    attributes = {
        "content-type": "application/octet-stream",
        "inference-header-content-length": "2",
    }
    reply = Reply(Status.OK, "", b"{}\x00", "", attributes)
    service.answer = lambda request: request.respond(reply, [("x-state", "a\r\nb")])

    async def scenario(client, transport):
        client.post(b"x")
        answer = await client.answer()
        assert answer.body == b"{}\x00"
        assert answer.headers["content-type"] == "application/octet-stream"
        assert answer.headers["inference-header-content-length"] == "2"
        assert answer.headers["x-state"] == "ab"

    serve(scenario)


@pytest.mark.parametrize(
    ("error", "status", "more"),
    [
        (QueueFull("too many"), 429, {"retry-after": "1"}),
        (ModelFailed("ValueError('x')"), 500, {}),
    ],
)
def test_a_failure_is_an_object_with_its_words(serve, service, error, status, more):
    """In the form that the operation's row has, with the status of its reason."""
    service.answer = failed(error)

    async def scenario(client, transport):
        client.post(b"x")
        answer = await client.answer()
        assert answer.status == status
        assert answer.error == str(error)
        assert more.items() <= answer.headers.items()

    serve(scenario)


def test_a_bug_of_ours_costs_one_call(serve, service, caplog):
    """The log has what was raised, and the client goes on."""

    def raise_it(request):
        raise KeyError("a bug")

    service.answer = raise_it

    async def scenario(client, transport):
        client.post(b"x")
        answer = await client.answer()
        assert answer.status == 500
        assert "a bug" not in answer.error
        client.get()
        assert (await client.answer()).status == 200

    serve(scenario)
    assert "a bug" in caplog.text


def test_pipelined_requests_are_answered_in_order(serve, service):
    """One at a time: the second is not begun before the first is answered."""
    hold(service)

    async def scenario(client, transport):
        for body in (b"one", b"two", b"three"):
            client.post(body)
        client.get()
        for number, body in enumerate((b"one", b"two", b"three"), 1):
            await service.wait_for(number)
            assert len(service.requests) == number
            service.release(transport)
            assert (await client.answer()).body == body
        assert (await client.answer()).body == b'{"live":true}'

    serve(scenario)


def test_thousands_of_pipelined_requests(serve, service):
    """More than are read at a time; none is lost."""
    count = 5000

    async def scenario(client, transport):
        for number in range(count):
            client.post(b"%d" % number)
        for number in range(count):
            assert (await client.answer()).body == b"%d" % number

    serve(scenario)


def test_requests_that_come_together_are_begun_together(run, serve, service, dial):
    """Holding the front lock once, so that they may share a batch."""
    hold(service)

    async def scenario(client, transport):
        clients = [await dial(transport.port) for _ in range(8)]
        for one in clients:
            one.post(b"x")
        await service.wait_for(8)
        for _ in clients:
            service.release(transport)
        assert [(await one.answer()).status for one in clients] == [200] * 8

    serve(scenario)


def test_a_client_that_goes_away_cancels_its_call(serve, service):
    """And nothing else."""
    hold(service)

    async def scenario(client, transport):
        client.post(b"x")
        await service.wait_for(1)
        client.close()
        while not service.cancelled:
            await asyncio.sleep(0.001)
        service.release(transport)  # too late: dropped

    serve(scenario)
    assert service.cancelled == service.requests


def test_a_reply_from_another_thread(serve, service):
    """It is written by the loop's."""
    hold(service)

    async def scenario(client, transport):
        client.post(b"x")
        await service.wait_for(1)
        loop = asyncio.get_event_loop()
        await loop.run_in_executor(None, service.release, transport)
        assert (await client.answer()).body == b"x"

    serve(scenario)


@pytest.mark.parametrize(
    ("coding", "pack"), [("gzip", gzip.compress), ("deflate", zlib.compress), ("identity", bytes)]
)
@pytest.mark.parametrize("body", [b"{}", LARGE], ids=["small", "large"])
def test_packed_bodies_are_unpacked(serve, service, coding, pack, body):
    """Handlers never see that they were packed."""

    async def scenario(client, transport):
        client.post(pack(body), f"Content-Encoding: {coding}")
        assert (await client.answer()).body == body

    serve(scenario)


def test_a_body_that_would_unpack_to_too_much_is_refused(serve, service):
    """Before it does."""

    async def scenario(client, transport):
        client.post(gzip.compress(bytes(1 << 20)), "Content-Encoding: gzip")
        answer = await client.answer()
        assert answer.status == 413
        assert "1000000" in answer.error
        client.get()
        assert (await client.answer()).status == 200

    serve(scenario, max_message_bytes=1000000)
    assert service.requests == []


@pytest.mark.parametrize("size", [100, 5000, 500000])
def test_replies_are_packed_for_who_asks(serve, service, size):
    """Where it is worth it; what is large takes a thread."""
    body = b"12" * size

    async def scenario(client, transport):
        client.post(body, "Accept-Encoding: gzip, deflate")
        answer = await client.answer()
        is_packed = answer.headers.get("content-encoding") == "gzip"
        assert is_packed is (size > 1000)
        assert (gzip.decompress(answer.body) if is_packed else answer.body) == body
        client.post(body)
        assert (await client.answer()).body == body

    serve(scenario)


def test_a_head_request_gets_the_head_alone(serve):
    """With the length that the body would have."""

    async def scenario(client, transport):
        client.get(method="HEAD")
        answer = await client.answer(has_body=False)
        assert (answer.status, answer.headers["content-length"]) == (200, "13")
        client.get()
        assert (await client.answer()).body == b'{"live":true}'

    serve(scenario)


def test_shutting_down_loses_no_request(serve, service, dial):
    """Idle clients are told to go, others with their reply; new ones are refused."""
    hold(service)

    async def scenario(client, transport):
        idle = await dial(transport.port)
        idle.get()
        await idle.answer()
        client.post(b"x")
        await service.wait_for(1)
        transport.stop_accepting()
        with pytest.raises(OSError):  # noqa: PT011  refused, or reset
            await (await dial(transport.port)).answer()
        assert transport.announce_close() > 0
        assert await idle.is_over()
        assert transport.open_connections == 1
        service.release(transport)
        answer = await client.answer()
        assert (answer.body, answer.headers["connection"]) == (b"x", "close")
        assert await client.is_over()
        while transport.open_connections:
            await asyncio.sleep(0.001)

    serve(scenario)


def test_stopping_gives_running_calls_a_grace(serve, service):
    """Then they are cut, and cancelled."""
    hold(service)

    async def scenario(client, transport):
        client.post(b"x")
        await service.wait_for(1)
        await transport.stop(0.05)
        assert await client.is_over()

    serve(scenario)
    assert service.cancelled == service.requests


def test_while_memory_is_short_calls_are_shed(serve, service, dial):
    """Those that come, and those that arrive, but for the oldest; never health."""

    async def scenario(client, transport):
        oldest, other = client, await dial(transport.port)
        for number, one in enumerate((oldest, other), 1):
            one.send(b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhe")
            while len(transport.arriving) < number:
                await asyncio.sleep(0.001)
        assert transport.shed(MemoryExhausted("memory is short")) == 1
        answer = await other.answer()
        assert (answer.status, answer.error) == (503, "memory is short")
        assert answer.headers["connection"] == "close"
        new = await dial(transport.port)
        new.post(b"x")
        assert (await new.answer()).status == 503
        new.get()
        assert (await new.answer()).status == 200
        oldest.send(b"llo")
        assert (await oldest.answer()).body == b"hello"
        assert transport.shed(None) == 0
        new.post(b"x")
        assert (await new.answer()).status == 200

    serve(scenario)


def test_a_lower_limit_is_for_those_that_are_connected_too(serve, service):
    """Once it is known how much memory there is: the head alone is refused then."""

    async def scenario(client, transport):
        client.post(b"12345")
        assert (await client.answer()).status == 200
        transport.bound_messages(4)
        client.post(b"12345")
        answer = await client.answer()
        assert answer.status == 413
        assert "4 bytes" in answer.error
        client.send(
            b"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n12345"
        )
        assert (await client.answer()).status == 413

    serve(scenario)


def test_bodies_are_held_back_where_there_is_little_memory(serve, service, dial):
    """One arrives at a time, until all are passed on."""

    async def scenario(client, transport):
        transport.bound_arrivals(1)
        second, third = await dial(transport.port), await dial(transport.port)
        for number, one in enumerate((client, second, third), 1):
            one.send(b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nh")
            while len(transport.arriving) < number:
                await asyncio.sleep(0.001)
        second.send(b"ello")
        third.send(b"ello")
        client.send(b"ello")
        assert (await client.answer()).body == b"hello"
        assert (await second.answer()).body == b"hello"
        assert (await third.answer()).body == b"hello"
        client.send(b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nh")
        second.send(b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nh")
        while len(transport.arriving) < 2:
            await asyncio.sleep(0.001)
        second.send(b"ello")
        transport.pass_on_arrivals()
        assert (await second.answer()).body == b"hello"

    serve(scenario)


def test_an_idle_connection_gives_way(serve, service, dial):
    """To a new one, where there are too many; where none is idle, health alone is answered."""
    hold(service)

    async def scenario(client, transport):
        client.get()
        await client.answer()
        second = await dial(transport.port)
        assert await client.is_over()
        second.post(b"x")
        await service.wait_for(1)
        third = await dial(transport.port)
        third.post(b"x")
        answer = await third.answer()
        assert answer.status == 503
        assert "RUNTIME_HTTP_MAX_CONNECTIONS" in answer.error
        fourth = await dial(transport.port)
        fourth.get()
        assert (await fourth.answer()).status == 200
        service.release(transport)
        assert (await second.answer()).status == 200

    serve(scenario, http_max_connections=1)


def test_a_port_that_is_taken_is_named(serve, service, settings):
    """With what would take another."""

    async def scenario(client, transport):
        other = HttpTransport(service.routes, settings(), FrontLock())
        with pytest.raises(StartError, match=f"127.0.0.1:{transport.port} for HTTP") as caught:
            await other.start("127.0.0.1", transport.port)
        assert "RUNTIME_HTTP_PORT" in caught.value.fix
        await other.stop(0)

    serve(scenario)


def test_beyond_all_bounds_clients_are_turned_away(serve, service, dial, monkeypatch):
    """Each takes a descriptor, of which workers need some."""
    hold(service)
    monkeypatch.setattr("serving_runtime.server.http.transport.MAX_SURPLUS", 1)

    async def scenario(client, transport):
        client.post(b"x")
        await service.wait_for(1)
        second = await dial(transport.port)
        second.send(b"GET /door HTTP/1.1\r\n")
        while transport.open_connections < 2:
            await asyncio.sleep(0.001)
        assert await (await dial(transport.port)).is_over()
        second.send(b"Host: a\r\n\r\n")
        assert (await second.answer()).status == 200

    serve(scenario, http_max_connections=1)


def test_a_held_body_that_has_come_is_begun_without_the_lock(serve, service):
    """Those that are passed on are so while it is held."""

    async def scenario(client, transport):
        transport.bound_arrivals(0)
        client.send(b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nh")
        while not transport.arriving:
            await asyncio.sleep(0.001)
        [connection] = transport._connections
        connection.data_received(b"ello")  # as TLS may, though reading is paused
        with transport.lock:
            transport.arriving._arrivals._max_calls = 1
            transport.pass_on_arrivals()
        assert (await client.answer()).body == b"hello"

    serve(scenario)
