"""Let one thread at a time work on the front's state: the event loop's, or the completion queue's.

A turn is short and never waits for anything. It may be long enough to take in many requests, or
many answers; what follows from all of them is then done once, at its end.
"""

import threading
from typing import Any, Callable

# How long a thread waits for its turn before it looks whether a signal has come.
LOOK_SECONDS = 0.5


class FrontLock:
    """A lock whose waiter comes before whoever has just had a turn; a turn has no turn within."""

    def __init__(self) -> None:
        self._now = threading.Lock()
        # Held while waiting, so that a thread that begs again stands in line.
        self._next = threading.Lock()
        self._at_end: Callable[[], None] = _nothing
        self._afterwards: Callable[[], None] = _nothing

    def on_release(self, work: Callable[[], None]) -> None:
        """Do ``work`` at the end of every turn, as a part of it."""
        self._at_end = work

    def after_release(self, work: Callable[[], None]) -> None:
        """Do ``work`` after every release, without holding the lock."""
        self._afterwards = work

    def __enter__(self) -> None:
        # Only the main thread deals with signals, and not while it waits here. While one is
        # pending, Python 3.11 runs no traced function (under a debugger, or coverage) of any other
        # thread: if that has the turn, both would wait for each other for good.
        with self._next:
            while not self._now.acquire(True, LOOK_SECONDS):
                pass

    def __exit__(self, *error: Any) -> None:
        try:
            self._at_end()
        finally:
            self._now.release()
            self._afterwards()


def _nothing() -> None:
    pass
