"""Know whether the service can be used: one phase, and who waits for it to change.

How that is said to clients is the business of each transport.
"""

import asyncio
import contextlib
import enum
from typing import Iterator, Set


class Phase(enum.Enum):
    """Where the service is in its life; only SERVING is ready. The value is for clients."""

    LOADING = "the model is loading"
    SERVING = "serving"
    NO_WORKER = "no worker: the model was serving, but its replacement cannot be loaded"
    DRAINING = "the service is shutting down"


class Health:
    """The phase of the service, and who watches it."""

    def __init__(self) -> None:
        self._phase = Phase.LOADING
        # Beside SERVING; runtimes differ in it.
        self.status_message = "ok"
        self._takes_calls = False
        self._is_watchable = True
        self._watchers: Set[asyncio.Queue[None]] = set()

    @property
    def phase(self) -> Phase:
        """The phase now."""
        return self._phase

    @property
    def is_serving(self) -> bool:
        """Whether calls are answered and will be: readiness."""
        return self._phase is Phase.SERVING

    @property
    def takes_calls(self) -> bool:
        """Whether there is a model to call: also while draining, if it was serving before."""
        return self._takes_calls

    @property
    def is_watchable(self) -> bool:
        """Whether watchers may stay; once it is False, each is to end."""
        return self._is_watchable

    def enter(self, phase: Phase) -> None:
        """Change the phase; DRAINING is the last one."""
        if self._phase in (phase, Phase.DRAINING):
            return
        self._takes_calls = phase is Phase.SERVING or (self.is_serving and phase is Phase.DRAINING)
        self._phase = phase
        self._wake_watchers()

    def end_watches(self) -> None:
        """End every watch: its open stream would keep its connection, and with it the drain."""
        self._is_watchable = False
        self._wake_watchers()

    @contextlib.contextmanager
    def watching(self) -> "Iterator[asyncio.Queue[None]]":
        """Yield a queue that gets an entry at each change: of the phase, or of ``is_watchable``."""
        changes: asyncio.Queue[None] = asyncio.Queue()
        self._watchers.add(changes)
        try:
            yield changes
        finally:
            self._watchers.discard(changes)

    def _wake_watchers(self) -> None:
        for watcher in self._watchers:
            watcher.put_nowait(None)
