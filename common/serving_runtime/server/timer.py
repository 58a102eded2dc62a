"""A timer that any thread may set, for things of which only the soonest matters."""

import asyncio
import math
import time
from typing import Callable, Optional

from serving_runtime.server.front_lock import FrontLock


class EarliestTimer:
    """Fires once, in the event loop and holding the front lock, at the soonest time asked for.

    Calls that are answered long before their deadlines cost no timer each: it fires for the first
    of them, and is then set for what is still there.

    Args:
        lock: held when ``set`` and ``cancel`` are called, and when the timer fires.
        on_fire: sets the timer again if there is more to wait for.
    """

    def __init__(self, lock: FrontLock, on_fire: Callable[[], None]) -> None:
        self._lock = lock
        self._on_fire = on_fire
        self._loop = asyncio.get_event_loop()
        self._due = math.inf
        self._timer: Optional[asyncio.TimerHandle] = None

    def set(self, due: float) -> None:
        """Fire at ``due``, in seconds on the monotonic clock, or earlier."""
        self._lock.assert_held()
        if due < self._due:
            self._due = due
            self._loop.call_soon_threadsafe(self._arm)

    def cancel(self) -> None:
        """Fire no more, unless it is set again."""
        self._lock.assert_held()
        self._due = math.inf
        self._loop.call_soon_threadsafe(self._arm)

    def _arm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._due < math.inf:  # it may have fired since it was set
            left = self._due - time.monotonic()
            self._timer = self._loop.call_later(max(0.0, left), self._fire)

    def _fire(self) -> None:
        with self._lock:
            self._due = math.inf
            self._on_fire()
