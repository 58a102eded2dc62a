"""One request and its one reply, between a connection and the handler of its operation."""

import abc
import threading
from typing import Callable, Optional

from serving_runtime import logs, operations
from serving_runtime.errors import Status
from serving_runtime.ipc.attributes import ACCEPT, CONTENT_TYPE, HEADER_LENGTH
from serving_runtime.server import trace_context
from serving_runtime.server.http.gate import Passed
from serving_runtime.server.http.parser import Head
from serving_runtime.server.transport import NO_HEADERS, Headers, Reply, Request

logger = logs.get_logger(__name__)

FAILED = Reply(Status.INTERNAL, "the service failed; its log has the reason", b"", "internal")


class Answerable(abc.ABC):
    """What an exchange needs of its connection."""

    @abc.abstractmethod
    def answer(self, exchange: "Exchange", reply: Reply, headers: Headers) -> None:
        """Write the reply; in the event loop's thread."""

    @abc.abstractmethod
    def answer_soon(self, exchange: "Exchange", reply: Reply, headers: Headers) -> None:
        """Have the event loop's thread do that; in any other."""


class Exchange:
    """A request on its way to its handler, and its reply on its way back.

    Args:
        connection: which it came by.
        head: of the request.
        passed: what the gate has found of it.
        body: unpacked.
        loop_thread: the event loop's.
    """

    __slots__ = ("_body", "_cancel", "_connection", "_is_over", "_loop_thread", "head", "passed")

    def __init__(
        self, connection: Answerable, head: Head, passed: Passed, body: bytes, loop_thread: int
    ) -> None:
        self._connection: Optional[Answerable] = connection
        self._body = body
        self._loop_thread = loop_thread
        self._cancel: Optional[Callable[[], None]] = None
        self._is_over = False
        self.head = head
        self.passed = passed

    def begin(self) -> None:
        """Hand the request to its handler, while holding the front lock."""
        if self._is_over:  # the client has gone
            return
        try:
            cancel = self.passed.match.handler(self._request())
        except Exception:  # a bug of ours costs this call alone
            logger.exception("a call failed in the front")
            self._respond(FAILED, NO_HEADERS)
            return
        if not self._is_over:
            self._cancel = cancel

    def abandon(self) -> None:
        """Note that the client has gone, while holding the front lock."""
        cancel, self._cancel = self._cancel, None
        self._is_over = True
        self._connection = None
        if cancel is not None:
            cancel()

    def _request(self) -> Request:
        match, head = self.passed.match, self.head
        headers, attributes = head.headers, match.attributes
        if not head.is_plain:
            found = trace_context.read(
                head.text(b"traceparent"), head.text(b"tracestate"), head.text(b"baggage")
            )
            attributes = {**attributes, **found} if found else attributes
        if b"inference-header-content-length" in headers:
            length = self.head.text(b"inference-header-content-length")
            attributes = {**attributes, HEADER_LENGTH: length}
        if match.operation is operations.INVOCATIONS:
            attributes = {
                **attributes,
                CONTENT_TYPE: self.head.text(b"content-type"),
                ACCEPT: self.head.text(b"accept"),
            }
        elif match.operation is operations.METRICS:
            attributes = {ACCEPT: self.head.text(b"accept")}
        body, self._body = self._body, b""
        return Request(
            match.operation,
            body,
            self.head.text(b"x-request-id") if b"x-request-id" in headers else "",
            self.passed.seconds_left,
            self.head.text(b"x-reset-state") if b"x-reset-state" in headers else None,
            self._respond,
            match.target,
            attributes,
        )

    def _respond(self, reply: Reply, headers: Headers) -> None:
        connection, self._connection = self._connection, None
        self._cancel = None  # it refers to this object: no cycle may keep the request in memory
        self._is_over = True
        if connection is None:
            return
        if threading.get_ident() == self._loop_thread:
            connection.answer(self, reply, headers)
        else:
            connection.answer_soon(self, reply, headers)
