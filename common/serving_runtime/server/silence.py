"""Notice that clients which are still connected have no more to ask.

gRPC has one age for the connections of a server's whole life, and clients of some languages lose
large calls when a connection moves: so it is long. A drain need not last as long for clients that
stay connected and call nothing, as most that watch health do once it says NOT_SERVING.
"""

import time

from serving_runtime.server.admission.dispatcher import Dispatcher
from serving_runtime.server.metrics import Counters

# Longer than clients pause between two calls. Who calls more seldom finds the connection closed
# in an orderly way, and goes elsewhere with its next call.
LONG_ENOUGH_SECONDS = 3.0


class Silence:
    """Watch from now on whether calls come, run or are answered.

    Args:
        dispatcher: knows the calls that wait or run.
        counters: count those that were answered.
    """

    def __init__(self, dispatcher: Dispatcher, counters: Counters) -> None:
        self._dispatcher = dispatcher
        self._counters = counters
        self._began = time.monotonic()
        self._answered = self._count()

    @property
    def is_long_enough(self) -> bool:
        """Whether no call has been there for ``LONG_ENOUGH_SECONDS``; to be asked all the time."""
        now, answered = time.monotonic(), self._count()
        if answered != self._answered or not self._dispatcher.is_idle:
            self._began, self._answered = now, answered
        return now - self._began >= LONG_ENOUGH_SECONDS

    def _count(self) -> int:
        return self._counters.model.ended
