"""Count the requests of each transport, by what was asked for and what it was answered with."""

import collections
from typing import Dict, List, Optional, Sequence, Tuple

from serving_runtime import operations
from serving_runtime.errors import RequestTooLarge, Status
from serving_runtime.operations import AnsweredBy, Operation
from serving_runtime.server.metrics.histogram import SECONDS, Histogram

_CODES = max(Status) + 1
# What is asked for and is not there: one for all, since clients choose the words.
UNKNOWN = "unknown"
UNMATCHED = "unmatched"
OTHER_METHOD = "_OTHER"
# The statuses that exist before the first request is answered so; others come with their first.
_OF_MODEL = (200, 400, 404, 429, 500, 503, 504)
_OF_CONTRACT = (200, 404, 503)
_OF_HEALTH = (200, 503)
_OF_NONE = (400, 404, 405)


class GrpcMethod:
    """The calls of one method.

    Attributes:
        started: how many have come.
        codes: how many were answered, by the number of their status.
        seconds: how long each took, from its arrival to its answer.
    """

    __slots__ = ("_refusals", "codes", "seconds", "started")

    def __init__(self, bounds: Sequence[float], refusals: Dict[str, int]) -> None:
        self._refusals = refusals
        self.started = 0
        self.codes: List[int] = [0] * _CODES
        self.seconds = Histogram(bounds)

    def refuse(self, status: int) -> None:
        """Note a call that is answered as it comes."""
        self.started += 1
        self.end(status, 0.0)

    def end(self, status: int, seconds: float) -> None:
        """Note an answer."""
        self.codes[status] += 1
        self.seconds.observe(seconds)

    def end_unread(self, seconds: float) -> None:
        """Note a call that gRPC itself has refused, since its message was too large."""
        self._refusals[RequestTooLarge.reason] += 1
        self.end(Status.RESOURCE_EXHAUSTED, seconds)


class GrpcCounts:
    """All methods that gRPC's clients can ask for.

    Args:
        bounds: of the seconds that calls take.
        refusals: how many calls the front refused, by reason.

    Attributes:
        methods: by type of call, service and method.
        refusals: as given.
    """

    def __init__(
        self, bounds: Sequence[float] = SECONDS, refusals: Optional[Dict[str, int]] = None
    ) -> None:
        self.refusals = collections.Counter() if refusals is None else refusals
        rows = [row for row in operations.ALL if row.grpc_method]
        self._by_row = {row: GrpcMethod(bounds, self.refusals) for row in rows}
        self.unknown = GrpcMethod(bounds, self.refusals)
        self.methods: Dict[Tuple[str, str, str], GrpcMethod] = {
            ("bidi_stream" if row.is_stream else "unary", row.grpc_service, row.grpc_name): method
            for row, method in self._by_row.items()
        }
        self.methods["unary", UNKNOWN, UNKNOWN] = self.unknown

    def of(self, operation: Operation) -> GrpcMethod:
        """Return the counts of an operation; those of none that is in the table."""
        return self._by_row.get(operation) or self.unknown


class HttpRequests:
    """The requests of one method and route, by the status of their answers."""

    __slots__ = ("_bounds", "by_status")

    def __init__(self, statuses: Sequence[int], bounds: Sequence[float] = SECONDS) -> None:
        self._bounds = bounds
        self.by_status: Dict[int, Histogram] = {it: Histogram(bounds) for it in statuses}

    def end(self, status: int, seconds: float) -> None:
        """Note an answer."""
        histogram = self.by_status.get(status)
        if histogram is None:
            histogram = self.by_status[status] = Histogram(self._bounds)
        histogram.observe(seconds)


class HttpCounts:
    """All that HTTP's clients can ask for.

    Args:
        bounds: of the seconds that requests take.
        refusals: how many requests the front refused, by reason.

    Attributes:
        refusals: as given.
        routes: by method and route; of an operation's several paths the first stands for all.
        unmatched: what there is no route for.
    """

    def __init__(
        self, bounds: Sequence[float] = SECONDS, refusals: Optional[Dict[str, int]] = None
    ) -> None:
        self.refusals = collections.Counter() if refusals is None else refusals
        self._bounds = bounds
        self.unmatched = HttpRequests(_OF_NONE, bounds)
        self.routes: Dict[Tuple[str, str], HttpRequests] = {
            (OTHER_METHOD, UNMATCHED): self.unmatched
        }

    def of(self, operation: Operation, method: str, path: str) -> HttpRequests:
        """Return the counts of an operation, which is asked for by this method and path first."""
        found = self.routes.get((method, path))
        if found is None:
            found = HttpRequests(_statuses_of(operation), self._bounds)
            self.routes[method, path] = found
        return found


def _statuses_of(operation: Operation) -> Tuple[int, ...]:
    if operation.answered_by is AnsweredBy.MODEL:
        return _OF_MODEL
    if operation.answered_by is AnsweredBy.CONTRACT:
        return _OF_CONTRACT
    return _OF_HEALTH if operation.is_health else (200,)
