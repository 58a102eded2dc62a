"""Send along what was counted where a client asks for statistics: no worker knows of the others."""

from typing import Callable

from serving_runtime.ipc.attributes import STATISTICS
from serving_runtime.ipc.totals import write_totals
from serving_runtime.server.metrics.calls import ModelCalls
from serving_runtime.server.transport import Request, UnaryHandler


def with_totals(forward: UnaryHandler, calls: ModelCalls) -> UnaryHandler:
    """Return the handler that forwards questions together with what they ask for."""

    def answer(request: Request) -> Callable[[], None]:
        totals = write_totals(calls.totals())
        return forward(request._replace(attributes={**request.attributes, STATISTICS: totals}))

    return answer
