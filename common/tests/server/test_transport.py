import pytest
from echoes import ECHO, echo, echo_stream

from serving_runtime import operations
from serving_runtime.errors import Status
from serving_runtime.operations import AnsweredBy
from serving_runtime.server import transport
from serving_runtime.server.transport import NO_ATTRIBUTES, Reply, Request

FRONT = [row for row in operations.ALL if row.answered_by is AnsweredBy.FRONT]
STREAMS = {row: echo_stream for row in FRONT if row.is_stream}
UNARY = {row: echo for row in FRONT if not row.is_stream}


def forward(request):
    """Stand for the admission of calls."""


async def forward_stream(stream):
    """Stand for the forwarder of streams."""
    yield b""


def bind(unary, streams):
    """Bind the front's own handlers, and those that forward."""
    return transport.bind(forward, forward_stream, unary, streams)


def test_every_operation_has_a_handler():
    """What workers answer is forwarded, what the front answers has a handler of its own."""
    routes = bind(UNARY, STREAMS)
    assert {*routes.unary, *routes.streams} == set(operations.ALL)
    forwarded = [row for row, handler in routes.unary.items() if handler is forward]
    forwarded += [row for row, handler in routes.streams.items() if handler is forward_stream]
    assert set(forwarded) == set(operations.FORWARDED)
    assert {row for row in forwarded if row.is_stream} <= set(routes.streams)


@pytest.mark.parametrize("row", FRONT, ids=lambda row: row.key)
def test_a_row_without_a_handler_stops_the_start(row):
    """An operation that exists in the table alone would be UNIMPLEMENTED, in silence."""
    unary = {one: handler for one, handler in UNARY.items() if one is not row}
    streams = {one: handler for one, handler in STREAMS.items() if one is not row}
    with pytest.raises(ValueError, match=row.key):
        bind(unary, streams)


def test_a_handler_without_a_row_stops_the_start():
    """What is not in the table is neither listed nor guarded as the table says."""
    with pytest.raises(ValueError, match=ECHO.key):
        bind({**UNARY, ECHO: echo}, STREAMS)


def test_a_stream_is_bound_as_one():
    """A handler of one request would never see the second."""
    unary = {**UNARY, operations.HEALTH_WATCH: echo}
    streams = {row: it for row, it in STREAMS.items() if row is not operations.HEALTH_WATCH}
    with pytest.raises(ValueError, match=operations.HEALTH_WATCH.key):
        bind(unary, streams)


def test_what_a_transport_does_not_say_is_empty_and_shared():
    """A call without attributes costs no mapping, and none can be put into the shared one."""
    request = Request(ECHO, b"", "", None, None, lambda reply, headers: None)
    reply = Reply(Status.OK, "", b"")
    assert request.target == ""
    assert request.attributes is reply.attributes is NO_ATTRIBUTES
    assert reply.reason == ""
    with pytest.raises(TypeError):
        NO_ATTRIBUTES["content-type"] = "text/plain"
