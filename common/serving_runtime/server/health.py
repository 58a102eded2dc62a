"""Know whether the service can be used, whether it is alive, and who waits for that to change.

How that is said to clients is the business of each transport.
"""

import asyncio
import contextlib
import enum
from typing import Iterator, Optional, Set

from serving_runtime.model_names import ModelNames


class Phase(enum.Enum):
    """Where the service is in its life; only SERVING is ready. The value is for clients."""

    LOADING = "the model is loading"
    SERVING = "serving"
    NO_WORKER = "no worker: the model was serving, but its replacement cannot be loaded"
    LOST = "no worker: the model was serving, but no try to load it again has succeeded"
    DRAINING = "the service is shutting down"


class Question(enum.Enum):
    """What may be asked of a service's health; who asks names the one that is meant.

    READINESS: whether to send calls here. LIVENESS: whether it may be left to run; False only
    where no call can ever succeed again without a restart, since who asks this kills. CONTAINER:
    readiness until the service was first ready, liveness afterwards, for those who have but one
    question and replace what is unhealthy, as Docker's HEALTHCHECK for Swarm.
    """

    READINESS = "readiness"
    LIVENESS = "liveness"
    CONTAINER = "container"


ALL_BUSY = "every worker is busy with calls that take longer than RUNTIME_BUSY_UNHEALTHY allows"


class Health:
    """The phase of the service, whether a worker may come free, and who watches it.

    Attributes:
        status_message: what is said beside SERVING; runtimes differ in it.
        model_names: what the model is called; None until it has loaded.
        takes_calls: whether there is a model to call: also while draining, if it was serving
            before.
        is_watchable: whether watchers may stay; once it is False, each is to end.
    """

    def __init__(self) -> None:
        self.status_message = "ok"
        self.model_names: Optional[ModelNames] = None
        self.takes_calls = False
        self.is_watchable = True
        self._phase = Phase.LOADING
        self._is_stuck = False
        self._has_served = False
        self._watchers: Set[asyncio.Queue[None]] = set()

    @property
    def phase(self) -> Phase:
        """The phase now."""
        return self._phase

    @property
    def is_serving(self) -> bool:
        """Whether calls are answered and will be: readiness."""
        return not self.why_not_ready

    @property
    def why_not_ready(self) -> str:
        """Why the service is not ready, for clients; empty if it is."""
        if self._phase is not Phase.SERVING:
            return str(self._phase.value)
        return ALL_BUSY if self._is_stuck else ""

    def answer(self, question: Question) -> bool:
        """Answer one question about the service."""
        is_of_life = question is Question.CONTAINER and self._has_served
        if is_of_life or question is Question.LIVENESS:
            return self._phase is not Phase.LOST
        return self.is_serving

    def enter(self, phase: Phase) -> None:
        """Change the phase; DRAINING is the last one."""
        if self._phase in (phase, Phase.DRAINING):
            return
        was_serving = self._phase is Phase.SERVING
        self.takes_calls = phase is Phase.SERVING or (was_serving and phase is Phase.DRAINING)
        self._phase = phase
        self._has_served = self._has_served or phase is Phase.SERVING
        self._wake_watchers()

    def note_stuck(self, is_stuck: bool) -> None:
        """Note whether every worker is busy for so long that none may come free."""
        if self._is_stuck != is_stuck:
            self._is_stuck = is_stuck
            self._wake_watchers()

    def end_watches(self) -> None:
        """End every watch: its open stream would keep its connection, and with it the drain."""
        self.is_watchable = False
        self._wake_watchers()

    @contextlib.contextmanager
    def watching(self) -> "Iterator[asyncio.Queue[None]]":
        """Yield a queue that gets an entry at each change: of an answer, or of ``is_watchable``."""
        changes: asyncio.Queue[None] = asyncio.Queue()
        self._watchers.add(changes)
        try:
            yield changes
        finally:
            self._watchers.discard(changes)

    def _wake_watchers(self) -> None:
        for watcher in self._watchers:
            watcher.put_nowait(None)
