import asyncio
import json
import pathlib
import sys

import pytest

from serving_runtime.errors import Status
from serving_runtime.operations import AnsweredBy, ErrorForm, HttpRoute, Operation
from serving_runtime.security import NO_SECURITY
from serving_runtime.server.front_lock import FrontLock
from serving_runtime.server.http.transport import HttpTransport
from serving_runtime.server.transport import Reply, Routes

# Modules beside the tests: pytest's importlib mode leaves the path alone.
sys.path.insert(0, str(pathlib.Path(__file__).parent))

ECHO = Operation(
    "test.echo",
    AnsweredBy.MODEL,
    error_form=ErrorForm.ERROR_OBJECT,
    http_routes=(HttpRoute("POST", "/echo"), HttpRoute("POST", "/models/{model}/echo")),
)
DOOR = Operation(
    "test.door",
    AnsweredBy.FRONT,
    error_form=ErrorForm.ERROR_OBJECT,
    is_health=True,
    http_routes=(HttpRoute("GET", "/door"),),
)


class Service:
    """The handlers of a transport: the door says yes, the echo answers as the test wants."""

    def __init__(self):
        self.requests = []
        self.cancelled = []
        self.answer = echo
        self.routes = Routes({ECHO: self.accept, DOOR: self.open}, {})

    def accept(self, request):
        """Take a request for the model."""
        self.requests.append(request)
        self.answer(request)
        return lambda: self.cancelled.append(request)

    def open(self, request):
        """Answer a probe."""
        request.respond(Reply(Status.OK, "", b'{"live":true}'), ())
        return lambda: None


def echo(request):
    """Answer with the request's payload."""
    request.respond(Reply(Status.OK, "", request.payload), ())


class Answer:
    """A reply as it came."""

    def __init__(self, start, headers, body):
        self.status = int(start.split()[1])
        self.headers = headers
        self.body = body

    @property
    def error(self):
        """What it says went wrong."""
        assert self.headers["content-type"] == "application/json"
        return json.loads(self.body.decode())["error"]


class Client:
    """A client's connection."""

    def __init__(self, reader, writer):
        self.reader, self.writer = reader, writer

    def send(self, data):
        """Send bytes."""
        self.writer.write(data)

    def post(self, body=b"", *lines, path="/echo"):
        """Send a request."""
        head = [f"POST {path} HTTP/1.1", "Host: a", f"Content-Length: {len(body)}", *lines, "", ""]
        self.send("\r\n".join(head).encode() + body)

    def get(self, path="/door", *lines, method="GET"):
        """Send a request without a body."""
        self.send("\r\n".join([f"{method} {path} HTTP/1.1", "Host: a", *lines, "", ""]).encode())

    async def answer(self, has_body=True):
        """Return the next reply."""
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        start, *lines = head.strip().split("\r\n")
        headers = dict(line.split(": ", 1) for line in lines)
        length = int(headers.get("content-length", "0")) if has_body else 0
        return Answer(start, headers, await self.reader.readexactly(length))

    async def is_over(self):
        """Return whether the server ends the connection, with nothing more to say."""
        try:
            return await self.reader.read() == b""
        except ConnectionError:
            return True

    def close(self):
        """End the connection."""
        self.writer.close()


@pytest.fixture
def service():
    """Return a service whose echo is an echo."""
    return Service()


@pytest.fixture
def open_clients():
    """Return a list of the clients that a test has opened."""
    return []


@pytest.fixture
def dial(open_clients):
    """Return a coroutine function that connects to a transport."""

    async def dial(port, **more):
        client = Client(*await asyncio.open_connection("127.0.0.1", port, **more))
        open_clients.append(client)
        return client

    return dial


@pytest.fixture
def serve(run, service, settings, dial, open_clients):
    """Return a function that runs ``scenario(client, transport)`` against a transport."""

    def serve(scenario, security=NO_SECURITY, limits=None, **changes):
        async def whole():
            transport = HttpTransport(
                service.routes, settings(**changes), FrontLock(), security, lambda: "served"
            )
            if limits:
                transport.limits = transport.limits._replace(**limits)
            transport.port = await transport.start("127.0.0.1", 0)
            try:
                await scenario(await dial(transport.port), transport)
            finally:
                for client in open_clients:
                    client.close()
                await transport.stop(0)

        run(whole())

    return serve
