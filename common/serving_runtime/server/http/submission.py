"""Begin exchanges while holding the front lock: once for all those that come together."""

import asyncio
from typing import List

from serving_runtime.server.front_lock import FrontLock
from serving_runtime.server.http.exchange import Exchange


class Submission:
    """Begins the exchanges of all connections.

    Args:
        lock: the front's.
    """

    def __init__(self, lock: FrontLock) -> None:
        self._lock = lock
        self._loop = asyncio.get_event_loop()
        self._submitted: List[Exchange] = []
        self._unanswered = 0

    def submit(self, exchange: Exchange) -> None:
        """Begin an exchange: at once if there is no other, else with all that come in this round.

        Those may share a batch.
        """
        self._unanswered += 1
        if self._unanswered == 1:
            with self._lock:
                exchange.begin()
            return
        self._submitted.append(exchange)
        if len(self._submitted) == 1:
            self._loop.call_soon(self._begin_all)

    def settle(self) -> None:
        """Note that an exchange is answered, or given up."""
        self._unanswered -= 1

    def _begin_all(self) -> None:
        submitted, self._submitted = self._submitted, []
        with self._lock:
            for exchange in submitted:
                exchange.begin()
