"""Notice a worker that hangs: busy past a call's deadline, without a sign of life."""

import time
from typing import Callable, Mapping

from serving_runtime.server.admission.call import FrontCall
from serving_runtime.server.front_lock import FrontLock
from serving_runtime.server.timer import EarliestTimer


class Watchdog:
    """Watches one worker while it holds calls.

    Args:
        grace_seconds: how long after the soonest deadline, and after the last sign of life, the
            worker may go on.
        held: the calls that the worker holds, by number; kept up to date by its owner.
        turns: of the front.
        on_hang: called once the worker hangs.
    """

    def __init__(
        self,
        grace_seconds: float,
        held: Mapping[int, FrontCall],
        lock: FrontLock,
        on_hang: Callable[[], None],
    ) -> None:
        self._grace = grace_seconds
        self._held = held
        self._on_hang = on_hang
        self._last_sign = 0.0
        self._alarm = EarliestTimer(lock, self._check)

    def begin(self) -> None:
        """Watch a worker that has just been given calls."""
        self.note_sign()
        self._alarm.set(self._patience_ends())

    def end(self) -> None:
        """Watch no more: the worker has ended."""
        self._alarm.cancel()

    def note_sign(self) -> None:
        """Note that the worker has answered something, and so does not hang."""
        self._last_sign = time.monotonic()

    def _patience_ends(self) -> float:
        soonest = min(call.deadline for call in self._held.values())
        return max(soonest, self._last_sign) + self._grace

    def _check(self) -> None:
        if not self._held:
            return
        ends = self._patience_ends()
        if ends > time.monotonic():
            self._alarm.set(ends)
        else:
            self._on_hang()
