"""What a connection needs of the transport that it came by."""

import abc
import asyncio
from typing import Any, Callable

from serving_runtime.server.front_lock import FrontLock
from serving_runtime.server.http.exchange import Exchange
from serving_runtime.server.http.gate import Gate, Passed
from serving_runtime.server.http.limits import Limits
from serving_runtime.server.http.replies import ReplyWriter


class ConnectionHost(abc.ABC):
    """The transport, as its connections see it.

    Attributes:
        limits: of each connection.
        gate: what requests must pass.
        writer: of replies' heads.
        lock: the front's.
        loop: the event loop.
        loop_thread: its thread.
        is_closing: whether each connection ends with its next reply.
    """

    limits: Limits
    gate: Gate
    writer: ReplyWriter
    lock: FrontLock
    loop: asyncio.AbstractEventLoop
    loop_thread: int
    is_closing: bool

    @abc.abstractmethod
    def submit(self, exchange: Exchange) -> None:
        """Begin an exchange, together with others that have just come."""

    @abc.abstractmethod
    def on_settled(self) -> None:
        """Note that an exchange is answered, or given up."""

    @abc.abstractmethod
    def in_thread(self, work: Callable[[], Any], then: Callable[[Any], None]) -> None:
        """Do what takes long in a thread; then hand over its result, or the Refusal it raised."""

    @abc.abstractmethod
    def on_open(self, connection: Any) -> None:
        """Note a new connection."""

    @abc.abstractmethod
    def on_closed(self, connection: Any) -> None:
        """Note that one is no more."""

    @abc.abstractmethod
    def on_arriving(self, connection: Any, passed: Passed) -> None:
        """Note that a body is arriving, which may have to be held back."""

    @abc.abstractmethod
    def on_arrived(self, connection: Any) -> None:
        """Note that it is whole, or will not be."""
