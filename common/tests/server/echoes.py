"""Handlers that answer with what they get."""

from serving_runtime.errors import Status
from serving_runtime.server.transport import Reply

ECHO = "/test.Service/Echo"
STREAM = "/test.Service/Stream"


def echo(incoming):
    """Answer with the request."""
    incoming.respond(Reply(Status.OK, "", incoming.payload), ())
    return lambda: None


async def echo_stream(requests):
    """Answer each request of a stream with itself."""
    async for payload in requests:
        yield payload
