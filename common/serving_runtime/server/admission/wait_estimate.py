"""Estimate how long a call will wait, from how fast calls leave a queue that is not empty."""

from typing import Optional

# How much the latest batch says of the speed.
WEIGHT = 0.125
# Nothing runs so evenly that a queue may be filled to the last moment.
MARGIN = 1.25


class WaitEstimator:
    """Learns from the times at which batches leave, as long as calls are left waiting.

    A queue that has run empty says nothing of how fast a full one moves: nothing is known then,
    and no call is refused for it. All times are in seconds on the monotonic clock.
    """

    def __init__(self) -> None:
        self._last: Optional[float] = None
        # Of an average batch; the time is None as long as only one batch has left.
        self._seconds: Optional[float] = None
        self._calls = 0.0

    def note_batch(self, now: float, calls: int) -> None:
        """Note that a batch of so many calls leaves."""
        if self._last is not None:
            self._learn(now - self._last, calls)
        self._last = now

    def reset(self) -> None:
        """Note that no call waits any more."""
        self._last = self._seconds = None

    def expected_completion(self, ahead: int, slots: int) -> float:
        """Return when a call that comes now will be answered; the past if nothing is known.

        Args:
            ahead: calls that wait already.
            slots: how many batches run at once: one takes so many times as long as between two.
        """
        if self._last is None or self._seconds is None:
            return 0.0
        batches = ahead // self._calls + 1 + slots
        return self._last + MARGIN * self._seconds * batches

    def _learn(self, seconds: float, calls: int) -> None:
        if self._seconds is None:
            self._seconds, self._calls = seconds, float(calls)
        self._seconds += WEIGHT * (seconds - self._seconds)
        self._calls += WEIGHT * (calls - self._calls)
