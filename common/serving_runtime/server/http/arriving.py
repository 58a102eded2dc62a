"""Know whose bodies for the model are arriving: some are held back, or refused, for want of memory.

All of it happens in the event loop's thread, but for ``shed``.
"""

import asyncio
from typing import Any, Dict, List, Optional

from serving_runtime.errors import ServingError
from serving_runtime.server.arrivals import Arrivals
from serving_runtime.server.http.refusals import EarlyReply, Refusal
from serving_runtime.server.http.statuses import BY_REASON


class ArrivingBodies:
    """The connections whose body is arriving, the oldest first."""

    def __init__(self) -> None:
        self._loop = asyncio.get_event_loop()
        self._connections: Dict[Any, None] = {}
        # Bounded where there is little memory.
        self._arrivals: Optional[Arrivals] = None

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._connections)

    def begin(self, connection: Any) -> None:
        """Note that a connection's is arriving; hold it back where others come first."""
        self._connections[connection] = None
        if self._arrivals is not None:
            connection.hold(True)
            self._arrivals.begin(connection, lambda: connection.hold(False))

    def end(self, connection: Any) -> None:
        """Note that it is whole, or will not be."""
        if connection in self._connections:
            del self._connections[connection]
            if self._arrivals is not None:
                self._arrivals.end(connection)

    def bound(self, max_calls: int) -> None:
        """Have at most so many arrive at a time."""
        self._arrivals = Arrivals(max_calls)

    def pass_on(self) -> None:
        """Have all arrive that are held back."""
        if self._arrivals is not None:
            self._arrivals.pass_on()

    def shed(self, refusal: ServingError) -> int:
        """Refuse all but the oldest soon, and return how many those are; in any thread."""
        refused = Refusal(BY_REASON[refusal.reason], str(refusal))
        connections = list(self._connections)[1:]
        self._loop.call_soon_threadsafe(_refuse_all, connections, refused)
        return len(connections)


def _refuse_all(connections: List[Any], refusal: EarlyReply) -> None:
    for connection in connections:
        connection.refuse(refusal)
