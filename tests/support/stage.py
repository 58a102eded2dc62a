"""Have one model served at a time for tests in a row, while those that come next start already."""

import concurrent.futures
import contextlib
from typing import Any, List, Sequence, Tuple

from tests.support.targets import IN_PROCESS

AHEAD = 2  # a start takes a core for a second or more, most tests nearly none

Started = Tuple[contextlib.ExitStack, Any]


class Stage:
    """What is served now. Tests that want the same setup in a row share it.

    Args:
        plan: setups that will be wanted, in this order; those that are servers start ahead.
    """

    def __init__(self, plan: Sequence[Any] = ()) -> None:
        self._plan = [setup for setup in plan if setup.target is not IN_PROCESS]
        self._threads = concurrent.futures.ThreadPoolExecutor(AHEAD)
        self._coming: List[Tuple[Any, concurrent.futures.Future[Started]]] = []
        self._ending: List[concurrent.futures.Future[None]] = []
        self._running = contextlib.ExitStack()
        self._setup: Any = None
        self._service: Any = None

    def serve(self, setup: Any, fresh: bool = False) -> Any:
        """Return the service of a setup, started unless it is the one that runs.

        Args:
            setup: what to serve.
            fresh: start it anyway; a stateful model's state then begins.
        """
        if fresh or setup != self._setup:
            self._end()
            self._check_ended()
            self._plan = [it for it in self._plan if it != setup]
            self._running, self._service = self._take(setup)
            self._setup = setup
            self._start_ahead()
        return self._service

    def clear(self) -> None:
        """Stop what runs and what was to come, and see that all has ended well."""
        self._plan = []
        self._end()
        for _, starting in self._coming:
            self._ending.append(self._threads.submit(_end_started, starting))
        self._coming = []
        self._threads.shutdown()
        self._check_ended()

    def _take(self, setup: Any) -> Started:
        for place, (coming, starting) in enumerate(self._coming):
            if coming == setup:
                del self._coming[place]
                return starting.result()
        return _started(setup)

    def _start_ahead(self) -> None:
        while self._plan and len(self._coming) < AHEAD:
            setup = self._plan.pop(0)
            self._coming.append((setup, self._threads.submit(_started, setup)))

    def _end(self) -> None:
        """Let what runs end beside the tests; where it is this process, it ends here."""
        is_server = self._setup is not None and self._setup.target is not IN_PROCESS
        self._setup = None
        if is_server:
            self._ending.append(self._threads.submit(self._running.close))
        else:
            self._running.close()
        self._running = contextlib.ExitStack()

    def _check_ended(self) -> None:
        """Fail if one that has ended did not end well."""
        ended = [ending for ending in self._ending if ending.done()]
        self._ending = [ending for ending in self._ending if not ending.done()]
        for ending in ended:
            ending.result()


def _end_started(starting: "concurrent.futures.Future[Started]") -> None:
    running, _ = starting.result()
    running.close()


def _started(setup: Any) -> Started:
    running = contextlib.ExitStack()
    return running, running.enter_context(setup.start())
