"""Allow one thread at a time to work on the front's state: the event loop's, or a transport's own.

It is held for a short while, and no thread waits for anything while holding it. It may be held long
enough to take in many requests, or many answers; what follows from all of them is then done once,
just before its release: that is when calls are dispatched to workers.
"""

import threading
from typing import Any, Callable

# How long a thread waits for the lock before it looks whether a signal has come.
SIGNAL_POLL_SECONDS = 0.5


class FrontLock:
    """A lock whose waiter comes before the thread that has just held it; it cannot be taken twice.

    Args:
        is_checked: whether ``assert_held`` looks (RUNTIME_DEBUG=1, and tests), or does nothing.

    Attributes:
        assert_held: raises RuntimeError if this thread does not hold the lock. Called first by all
            that may happen only "while holding the front lock": elsewhere it would spoil the
            front's state without a trace.
    """

    def __init__(self, is_checked: bool = True) -> None:
        self._held = threading.Lock()
        # Held while waiting, so that a thread that comes again at once stands in line.
        self._next = threading.Lock()
        self._before_release: Callable[[], None] = _nothing
        self._after_release: Callable[[], None] = _nothing
        self._is_checked = is_checked
        self._holder = 0  # kept up to date only where it is checked
        self.assert_held: Callable[[], None] = self._check if is_checked else _nothing

    def on_release(self, work: Callable[[], None]) -> None:
        """Do ``work`` before each release, while holding the lock still."""
        self._before_release = work

    def after_release(self, work: Callable[[], None]) -> None:
        """Do ``work`` after every release, without holding the lock."""
        self._after_release = work

    def __enter__(self) -> None:
        # Only the main thread deals with signals, and not while it waits here. While one is
        # pending, Python 3.11 runs no traced function (under a debugger, or coverage) of any other
        # thread: if that holds the lock, both would wait for each other for good.
        with self._next:
            while not self._held.acquire(True, SIGNAL_POLL_SECONDS):
                pass
        if self._is_checked:
            self._holder = threading.get_ident()

    def __exit__(self, *error: Any) -> None:
        """Do what is ready by now (see ``Dispatcher.run_ready_work``), and release the lock."""
        try:
            self._before_release()
        finally:
            self._holder = 0
            self._held.release()
            self._after_release()

    def _check(self) -> None:
        if self._holder != threading.get_ident():
            raise RuntimeError("this may only be done while holding the front lock")


def _nothing() -> None:
    pass
