"""Each request is counted once, by its route and by what it was answered with."""

import gzip

from echoes_of_http import hold

from serving_runtime.errors import Status
from serving_runtime.server.transport import Reply

ECHO = ("POST", "/echo")


def counted(transport, key=ECHO):
    """Return how many requests of a route were answered with each status."""
    requests = transport.gate._table.counts.routes[key]
    found = {
        status: histogram.distribution().buckets[-1]
        for status, histogram in requests.by_status.items()
    }
    return {status: count for status, count in found.items() if count}


def test_answers_are_counted_by_the_route_s_first_path(serve, service):
    """Whatever its other paths hold, which clients choose."""

    async def scenario(client, transport):
        for path in ("/echo", "/models/a/echo", "/models/b/echo"):
            client.post(b"x", path=path)
            await client.answer()
        client.get(method="HEAD")
        await client.answer(has_body=False)
        assert counted(transport) == {200: 3}
        assert counted(transport, ("GET", "/door")) == {200: 1}

    serve(scenario)


def test_refusals_are_counted_where_the_route_is_known(serve, service):
    """By the head alone, or when the body cannot be unpacked."""

    async def scenario(client, transport):
        client.post(b"x", "Content-Encoding: gzip")
        assert (await client.answer()).status == 400
        client.post(b"x", "X-Request-Timeout: soon")
        assert (await client.answer()).status == 400
        client.post(b"x", "Expect: nothing")
        assert (await client.answer()).status == 417
        assert counted(transport) == {400: 2, 417: 1}

    serve(scenario)


def test_what_has_no_route_is_one_series(serve, service):
    """Paths that there are not, methods that are not theirs, and what is no HTTP at all."""

    async def scenario(client, transport):
        for path in ("/a", "/b"):
            client.get(path)
            assert (await client.answer()).status == 404
        client.get("/echo")
        assert (await client.answer()).status == 405
        client.send(b"\x00\x01\r\n\r\n")
        assert (await client.answer()).status == 400
        assert counted(transport, ("_OTHER", "unmatched")) == {404: 2, 405: 1, 400: 1}

    serve(scenario)


def test_clients_that_go_are_counted(serve, service, until):
    """While their request arrives, and while it is answered; each once."""
    hold(service)

    async def scenario(client, transport):
        client.post(b"x")
        await until(lambda: service.requests)
        client.close()
        await until(lambda: counted(transport) == {499: 1})

    serve(scenario)


def test_a_body_that_never_comes_whole_is_counted(serve, service, until):
    """Its route was known by then."""

    async def scenario(client, transport):
        client.send(b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nx")
        await until(lambda: any(it._passed for it in transport._connections))
        client.close()
        await until(lambda: counted(transport) == {499: 1})

    serve(scenario)


def test_a_long_text_is_packed(serve, service):
    """As the metrics are, which are long and repeat themselves."""
    text, attributes = b"a_metric 1.0\n" * 1000, {"content-type": "text/plain; version=0.0.4"}
    service.answer = lambda request: request.respond(Reply(Status.OK, "", text, "", attributes), ())

    async def scenario(client, transport):
        client.post(b"x", "Accept-Encoding: gzip")
        answer = await client.answer()
        assert answer.headers["content-encoding"] == "gzip"
        assert gzip.decompress(answer.body) == text

    serve(scenario)


def test_bodies_that_are_too_large_are_refusals(serve, service):
    """Found by their head, in chunks as they grow, or when they are unpacked."""
    packed = gzip.compress(bytes(5000))
    requests = (
        ("Content-Length: 5000", bytes(5000)),
        ("Transfer-Encoding: chunked", b"1388\r\n" + bytes(5000) + b"\r\n0\r\n\r\n"),
        (f"Content-Encoding: gzip\r\nContent-Length: {len(packed)}", packed),
    )
    seen = []

    async def refused(client, transport):
        headers, body = requests[len(seen)]
        client.send(f"POST /echo HTTP/1.1\r\nHost: a\r\n{headers}\r\n\r\n".encode() + body)
        assert (await client.answer()).status == 413
        seen.append(dict(transport.counts.refusals))
        # Of one that is refused before its head is looked at the route is not known.
        routes = [counted(transport, key) for key in (ECHO, ("_OTHER", "unmatched"))]
        assert sorted(routes, key=len) == [{}, {413: 1}]

    for _ in requests:
        serve(refused, max_message_bytes=1000)
    assert seen == [{"request_too_large": 1}] * 3
