"""Answer who asks for the metrics: gather them at once, and write them in a thread."""

import asyncio
import concurrent.futures
from typing import Any, Callable, Optional, Tuple

from serving_runtime import logs
from serving_runtime.errors import Status
from serving_runtime.ipc.attributes import ACCEPT, CONTENT_TYPE
from serving_runtime.server.front_lock import FrontLock
from serving_runtime.server.metrics.collector import Collector, Snapshot
from serving_runtime.server.transport import NO_HEADERS, Reply, Request

logger = logs.get_logger(__name__)

FAILED = Reply(Status.INTERNAL, "the metrics cannot be written; the log has the reason", b"")


class Scrape:
    """The operation.

    Args:
        collector: gathers the values.
        lock: the front's.
    """

    def __init__(self, collector: Collector, lock: FrontLock) -> None:
        self._collector = collector
        self._lock = lock
        self._exposition: Any = None
        # One at a time: they are short, and nobody else's.
        self._thread: Optional[concurrent.futures.Executor] = None

    def answer(self, request: Request) -> Callable[[], None]:
        """Answer later, from the event loop's thread; takes a snapshot now, holding the lock."""
        if self._thread is None:
            self._thread = concurrent.futures.ThreadPoolExecutor(1)
        snapshot, accept = self._collector.snapshot(), request.attributes.get(ACCEPT, "")
        loop = asyncio.get_event_loop()
        writing = loop.run_in_executor(self._thread, self._write, snapshot, accept)
        writing.add_done_callback(lambda done: self._respond(request, done))
        return _nothing

    def _write(self, snapshot: Snapshot, accept: str) -> Tuple[str, bytes]:
        if self._exposition is None:
            from serving_runtime.server.metrics import exposition  # costs a start 30 ms

            self._exposition = exposition.Exposition()
        content_type, text = self._exposition.write(snapshot, accept)
        return content_type, text

    def _respond(self, request: Request, done: "asyncio.Future[Tuple[str, bytes]]") -> None:
        if done.cancelled():
            return
        error = done.exception()
        if error is not None:
            logger.error("the metrics cannot be written", exc_info=error)
            reply = FAILED
        else:
            content_type, text = done.result()
            reply = Reply(Status.OK, "", text, "", {CONTENT_TYPE: content_type})
        with self._lock:
            request.respond(reply, NO_HEADERS)


def _nothing() -> None:
    """Cancel what will be written all the same."""
