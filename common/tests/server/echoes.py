"""Handlers that answer with what they get."""

from serving_runtime.errors import Status
from serving_runtime.operations import AnsweredBy, Operation
from serving_runtime.server.transport import Reply

ECHO = Operation("test.echo", AnsweredBy.FRONT, "/test.Service/Echo")
STREAM = Operation("test.stream", AnsweredBy.FRONT, "/test.Service/Stream", is_stream=True)


def echo(request):
    """Answer with the request."""
    request.respond(Reply(Status.OK, "", request.payload), ())
    return lambda: None


async def echo_stream(stream):
    """Answer each request of a stream with itself."""
    async for payload in stream.messages:
        yield payload
