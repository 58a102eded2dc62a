"""Notice a worker that hangs: busy past a call's deadline, without a sign of life."""

import time
from typing import Callable

from serving_runtime.server.front_lock import FrontLock
from serving_runtime.server.timer import EarliestTimer
from serving_runtime.server.workers.calls_in_flight import CallsInFlight


class Watchdog:
    """Watch one worker while it holds calls.

    Args:
        grace_seconds: how long after the soonest deadline, and after the last sign of life, the
            worker may go on.
        in_flight: the calls that the worker holds, and when it last gave a sign of life.
        lock: of the front.
        on_hang: called once the worker hangs.

    Attributes:
        in_flight: as given; exchanged where the worker turns out to run several batches at once.
    """

    def __init__(
        self,
        grace_seconds: float,
        in_flight: CallsInFlight,
        lock: FrontLock,
        on_hang: Callable[[], None],
    ) -> None:
        self._grace = grace_seconds
        self.in_flight = in_flight
        self._on_hang = on_hang
        self._timer = EarliestTimer(lock, self._check)

    def begin(self) -> None:
        """Watch a worker that has just been given calls."""
        self._timer.set(self._patience_ends())

    def end(self) -> None:
        """Watch no more: the worker has ended."""
        self._timer.cancel()

    def _patience_ends(self) -> float:
        return self.in_flight.patience_ends + self._grace

    def _check(self) -> None:
        if not self.in_flight.held:
            return
        ends = self._patience_ends()
        if ends > time.monotonic():
            self._timer.set(ends)
        else:
            self._on_hang()
