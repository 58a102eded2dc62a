"""What a connection needs of the transport that it came by."""

import abc
import asyncio
from typing import Any, Callable

from serving_runtime.server.front_lock import FrontLock
from serving_runtime.server.http.arriving import ArrivingBodies
from serving_runtime.server.http.gate import Gate
from serving_runtime.server.http.limits import Limits
from serving_runtime.server.http.replies import ReplyWriter
from serving_runtime.server.http.submission import Submission
from serving_runtime.server.metrics.transports import HttpCounts


class ConnectionHost(abc.ABC):
    """The transport, as its connections see it.

    Attributes:
        limits: of each connection.
        gate: what requests must pass.
        arriving: whose bodies are.
        submission: begins exchanges.
        writer: of replies' heads.
        lock: the front's.
        loop: the event loop.
        loop_thread: its thread.
        is_closing: whether each connection ends with its next reply.
        counts: of requests.
    """

    limits: Limits
    gate: Gate
    arriving: ArrivingBodies
    submission: Submission
    writer: ReplyWriter
    lock: FrontLock
    loop: asyncio.AbstractEventLoop
    loop_thread: int
    is_closing: bool
    counts: HttpCounts

    @abc.abstractmethod
    def in_thread(self, work: Callable[[], Any], then: Callable[[Any], None]) -> None:
        """Do what takes long in a thread; then hand over its result, or the Refusal it raised."""

    @abc.abstractmethod
    def on_open(self, connection: Any) -> None:
        """Note a new connection."""

    @abc.abstractmethod
    def on_closed(self, connection: Any) -> None:
        """Note that one is no more."""
