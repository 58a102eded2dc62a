"""A timer that any thread may set, for things of which only the soonest matters."""

import asyncio
import math
import time
from typing import Callable, Optional

from serving_runtime.server.front_lock import FrontLock


class EarliestTimer:
    """Rings once, in a turn of the event loop's, at the soonest time that was asked for.

    Calls that are answered long before their deadlines cost no timer each: the alarm rings for the
    first of them, and is then set for what is still there.

    Args:
        turns: of the front; ``set`` is called within one.
        on_ring: sets the alarm again if there is more to wait for.
    """

    def __init__(self, lock: FrontLock, on_fire: Callable[[], None]) -> None:
        self._lock = lock
        self._on_fire = on_fire
        self._loop = asyncio.get_event_loop()
        self._due = math.inf
        self._timer: Optional[asyncio.TimerHandle] = None

    def set(self, due: float) -> None:
        """Ring at ``due``, in seconds on the monotonic clock, or earlier."""
        if due < self._due:
            self._due = due
            self._loop.call_soon_threadsafe(self._arm)

    def cancel(self) -> None:
        """Ring no more, unless it is set again."""
        self._due = math.inf
        self._loop.call_soon_threadsafe(self._arm)

    def _arm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._due < math.inf:  # it may have rung since it was set
            left = self._due - time.monotonic()
            self._timer = self._loop.call_later(max(0.0, left), self._fire)

    def _fire(self) -> None:
        with self._lock:
            self._due = math.inf
            self._on_fire()
