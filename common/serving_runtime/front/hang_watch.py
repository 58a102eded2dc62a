"""Notice a worker that hangs: busy past a call's deadline, without a sign of life."""

import asyncio
import time
from typing import Callable, Mapping, Optional

from serving_runtime.front.call import FrontCall


class HangWatch:
    """Watches one worker while it holds calls.

    Args:
        grace_seconds: how long after the soonest deadline, and after the last sign of life, the
            worker may go on.
        held: the calls that the worker holds, by number; kept up to date by its owner.
        on_hang: called once the worker hangs.
    """

    def __init__(
        self, grace_seconds: float, held: Mapping[int, FrontCall], on_hang: Callable[[], None]
    ) -> None:
        self._grace = grace_seconds
        self._held = held
        self._on_hang = on_hang
        self._last_sign = 0.0
        self._timer: Optional[asyncio.TimerHandle] = None

    def begin(self) -> None:
        """Watch a worker that has just been given calls."""
        self.note_sign()
        self._look_again()

    def note_sign(self) -> None:
        """Note that the worker has answered something, and so does not hang."""
        self._last_sign = time.monotonic()

    def end(self) -> None:
        """Stop watching: the worker holds nothing, or has ended."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _patience_left(self) -> float:
        soonest = min(call.deadline for call in self._held.values())
        return max(soonest, self._last_sign) + self._grace - time.monotonic()

    def _look_again(self) -> None:
        loop = asyncio.get_event_loop()
        self._timer = loop.call_later(max(0.0, self._patience_left()), self._check)

    def _check(self) -> None:
        if self._patience_left() > 0:
            self._look_again()
        else:
            self._on_hang()
