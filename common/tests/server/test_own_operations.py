from serving_runtime import operations
from serving_runtime.operations import AnsweredBy
from serving_runtime.server import own_operations
from serving_runtime.server.health import Health
from serving_runtime.server.http.doors import Doors


def forward(request):
    """Stand for the admission of calls."""


async def forward_stream(stream):
    """Stand for the forwarder of streams."""
    yield b""


def scrape(request):
    """Stand for what answers who asks for the metrics."""


def statistics(request):
    """Stand for what forwards questions for a model's statistics."""


def test_every_operation_is_bound(loop):
    """Whatever the table of operations lists: a row that nobody answers stops the start."""
    health = Health()
    routes = own_operations.bind(health, Doors(health), scrape, statistics, forward, forward_stream)
    assert {row.is_stream for row in routes.streams} == {True}
    assert {row.is_stream for row in routes.unary} == {False}
    of_workers = (forward, statistics)
    of_front = {row for row, handler in routes.unary.items() if handler not in of_workers}
    assert of_front == {
        row for row in operations.ALL if row.answered_by is AnsweredBy.FRONT and not row.is_stream
    }
