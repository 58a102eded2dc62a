"""Run pieces of work in a few threads that no end of the process waits for."""

import queue
import threading
from typing import Callable, List

Work = Callable[[], None]


class DaemonThreads:
    """Threads that are started as they are needed; work beyond them waits for one.

    The standard library's executors join their threads when the interpreter ends, so that one call
    that hangs would keep a service from ending whose worker is a thread.

    Args:
        most: how many.
        after: called in the thread once a piece of work is done, and nothing refers to it.
    """

    def __init__(self, most: int, after: Work) -> None:
        self._most = most
        self._after = after
        self._work: queue.Queue[Work] = queue.Queue()
        self._threads: List[threading.Thread] = []

    def run(self, work: Work) -> None:
        """Have ``work`` done, which raises nothing; called by one thread only.

        Raises:
            RuntimeError: no thread can be started, and there is none.
        """
        self._work.put(work)
        if len(self._threads) < min(self._most, self._work.unfinished_tasks):
            self._start_one()

    def finish(self) -> None:
        """Wait until all work is done."""
        self._work.join()

    def _start_one(self) -> None:
        name = f"call-{len(self._threads) + 1}"
        thread = threading.Thread(target=self._serve, name=name, daemon=True)
        try:
            thread.start()
        except RuntimeError:  # the system has no more threads for us
            if not self._threads:
                raise
            return
        self._threads.append(thread)

    def _serve(self) -> None:
        while True:
            self._work.get()()
            self._after()
            self._work.task_done()
