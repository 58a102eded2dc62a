"""Count the requests of one connection: each once, by its route and by what it is answered with."""

import time
from typing import Optional

from serving_runtime.errors import RequestTooLarge
from serving_runtime.server.http.gate import Passed
from serving_runtime.server.http.refusals import TOO_LARGE, EarlyReply
from serving_runtime.server.metrics import HttpCounts

# What the log of a proxy calls a request whose client has gone before its answer.
_GONE = 499


class RequestCounter:
    """Counts one request after the other.

    Args:
        counts: of all connections.
    """

    __slots__ = ("_began", "_counts")

    def __init__(self, counts: HttpCounts) -> None:
        self._counts = counts
        self._began = 0.0

    def begin(self) -> None:
        """Note that a request begins to arrive."""
        self._began = time.monotonic()

    def end(self, passed: Passed, status: int) -> None:
        """Count one that is answered."""
        passed.match.counts.end(status, time.monotonic() - self._began)

    def end_gone(self, passed: Passed) -> None:
        """Count one whose client has gone."""
        self.end(passed, _GONE)

    def end_early(self, early: EarlyReply, passed: Optional[Passed]) -> None:
        """Count one that no handler has seen, by its route as far as that is known."""
        counts = early.counts
        if counts is None:
            counts = self._counts.unmatched if passed is None else passed.match.counts
        if early.status == TOO_LARGE:
            self._counts.refusals[RequestTooLarge.reason] += 1
        counts.end(early.status, time.monotonic() - self._began)
