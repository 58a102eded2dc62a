import asyncio

import pytest
from echoes_of_http import hold

from serving_runtime.server.http import states
from serving_runtime.server.http.states import State

BODY = b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n"


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"GET / HTTP/1.1\r\nHost: a\r\nX: y\r\n z\r\n\r\n", 400),
        (b"GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400),
        (b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 2000000\r\n\r\n", 413),
        (b"POST /other HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhe", 404),
        (b"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nx", 400),
    ],
)
def test_what_cannot_go_on_is_answered_and_ended(serve, service, data, status):
    """In the words of an error object, which the client comes to read while it still sends."""

    async def scenario(client, transport):
        client.send(data)
        answer = await client.answer()
        assert answer.status == status
        assert answer.error
        assert answer.headers["connection"] == "close"
        client.send(b"more of the body")
        assert await client.is_over()

    serve(scenario, max_message_bytes=1000000)
    assert service.requests == []


@pytest.mark.parametrize(
    ("path", "body", "status"), [("/other", b"hello", 404), ("/door", b"", 405)]
)
def test_a_whole_request_that_is_refused_ends_nothing(serve, path, body, status):
    """What follows it is the next request, and is answered."""

    async def scenario(client, transport):
        client.post(body, path=path)
        client.get()
        assert (await client.answer()).status == status
        assert (await client.answer()).status == 200

    serve(scenario)


def test_a_large_body_is_asked_for(serve):
    """Who waits for 100 Continue gets it once the head is accepted."""

    async def scenario(client, transport):
        client.send(BODY[:-2] + b"Expect: 100-continue\r\n\r\n")
        assert (await client.answer()).status == 100
        client.send(b"hello")
        assert (await client.answer()).body == b"hello"

    serve(scenario)


def test_a_body_that_is_too_large_is_not_asked_for(serve):
    """It is refused at once, before any of it is sent."""

    async def scenario(client, transport):
        client.send(b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n"
                    b"Expect: 100-continue\r\n\r\n")  # fmt: skip
        assert (await client.answer()).status == 413

    serve(scenario, max_message_bytes=10)


def test_a_body_that_is_there_already_is_not_asked_for(serve):
    """Its client has not waited."""

    async def scenario(client, transport):
        client.post(b"hello", "Expect: 100-continue")
        assert (await client.answer()).body == b"hello"

    serve(scenario)


def test_old_clients_may_keep_their_connection(serve):
    """If they say so, they are told that it is kept; else it ends."""

    async def scenario(client, transport):
        client.send(b"GET /door HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
        assert (await client.answer()).headers["connection"] == "keep-alive"
        client.send(b"GET /door HTTP/1.0\r\n\r\n")
        assert (await client.answer()).headers["connection"] == "close"
        assert await client.is_over()

    serve(scenario)


def test_a_client_that_wants_to_end_the_connection_is_obeyed(serve):
    """After its reply."""

    async def scenario(client, transport):
        client.post(b"x", "Connection: close")
        answer = await client.answer()
        assert (answer.body, answer.headers["connection"]) == (b"x", "close")
        assert await client.is_over()

    serve(scenario)


@pytest.mark.parametrize(
    ("sent", "status"), [(b"GET /door HT", 408), (BODY + b"hel", 408), (b"", None)]
)
def test_what_stalls_is_ended(serve, sent, status):
    """A head or a body with words; a connection without a request in silence."""
    limits = {"head_seconds": 0.1, "gap_seconds": 0.1, "idle_seconds": 0.1}

    async def scenario(client, transport):
        client.send(sent)
        if status:
            assert (await client.answer()).status == status
        assert await client.is_over()

    serve(scenario, limits=limits)


def test_a_body_that_trickles_in_has_a_deadline(serve):
    """However small the gaps are."""

    async def scenario(client, transport):
        client.send(BODY)
        trickle = asyncio.ensure_future(client.answer())
        while not trickle.done():
            client.send(b"x" if transport.arriving else b"")
            await asyncio.sleep(0.05)
            break
        assert (await trickle).status == 408

    serve(scenario, limits={"body_seconds": 0.1})


def test_a_client_that_does_not_read_is_cut(serve, service):
    """Its reply takes memory; a call that others wait for is not held up by it."""
    large = bytes(1 << 24)

    async def scenario(client, transport):
        client.post(large)
        await service.wait_for(1)
        [connection] = transport._connections
        client.reader._transport.pause_reading()
        service.release(transport)
        while connection.state is not State.CLOSED:
            await asyncio.sleep(0.01)

    hold(service)
    serve(scenario, limits={"gap_seconds": 0.2, "linger_seconds": 0.2})


def test_a_slow_client_gets_all_of_its_reply(serve, service):
    """As long as it goes on reading."""
    large = b"0123456789abcdef" * (1 << 20)

    async def scenario(client, transport):
        client.post(large, "Connection: close")
        assert (await client.answer()).body == large
        assert await client.is_over()

    serve(scenario, limits={"gap_seconds": 5.0, "linger_seconds": 0.1})


def test_no_next_request_is_begun_for_a_client_that_does_not_read(serve, service):
    """Else its replies would pile up in memory."""
    large = bytes(1 << 24)

    async def scenario(client, transport):
        client.post(large)
        await service.wait_for(1)
        client.reader._transport.pause_reading()
        client.post(b"next")
        service.release(transport)
        await asyncio.sleep(0.05)
        assert len(service.requests) == 1
        client.reader._transport.resume_reading()
        assert (await client.answer()).body == large
        await service.wait_for(2)
        service.release(transport)
        assert (await client.answer()).body == b"next"

    hold(service)
    serve(scenario)


def test_empty_lines_between_requests_are_nothing(serve):
    """Some clients send one behind a body; no time begins to run."""

    async def scenario(client, transport):
        client.post(b"x")
        client.send(b"\r\n")
        await client.answer()
        [connection] = transport._connections
        client.send(b"\r\n")
        client.get()
        assert (await client.answer()).status == 200
        assert connection.state is State.IDLE

    serve(scenario)


def test_what_comes_while_a_reply_is_awaited_is_read_no_further(serve, service):
    """It waits in the sockets' buffers, not in memory."""
    hold(service)

    async def scenario(client, transport):
        client.post(b"x")
        await service.wait_for(1)
        [connection] = transport._connections
        for _ in range(64):
            client.send(bytes(1 << 20))
        while not connection._flow.is_paused:
            await asyncio.sleep(0.001)
        assert len(connection._parser._rest) < 1 << 20

    serve(scenario)


def test_each_state_is_one_of_the_table(serve, service):
    """And the code goes its ways alone."""
    hold(service)
    seen = []

    async def scenario(client, transport):
        client.send(BODY)
        while not transport.arriving:
            await asyncio.sleep(0.001)
        [connection] = transport._connections
        seen.append(connection.state)
        client.send(b"hello")
        await service.wait_for(1)
        seen.append(connection.state)
        service.release(transport)
        await client.answer()
        seen.append(connection.state)
        client.close()
        while connection.state is not State.CLOSED:
            await asyncio.sleep(0.001)

    serve(scenario)
    assert seen == [State.ARRIVING, State.ANSWERING, State.IDLE]
    assert set(seen) < set(states.State)
