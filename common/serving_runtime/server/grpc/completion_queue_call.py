"""Answer one call that comes by grpc's completion queue, with one reply."""

import abc
import time
from typing import Any, Callable, Optional

from serving_runtime.errors import Status
from serving_runtime.operations import Operation
from serving_runtime.server.arrivals import Arrivals
from serving_runtime.server.grpc import cygrpc as core
from serving_runtime.server.grpc.status import NO_REQUEST, failed
from serving_runtime.server.grpc.transport import TIMER_SECONDS, read_request
from serving_runtime.server.metrics.transports import GrpcMethod
from serving_runtime.server.transport import NO_HEADERS, Headers, Reply, UnaryHandler

# To core a client without a deadline has one in the far future.
MAX_SECONDS = 1e9


class UnaryHost(abc.ABC):
    """What a call needs of the transport that it came by.

    Attributes:
        is_shut: whether no batch may be started any more.
        arrivals: whose messages are asked for.
    """

    is_shut: bool
    arrivals: Arrivals

    @abc.abstractmethod
    def on_begin(self, call: "UnaryCall") -> None:
        """Watch a call later, unless it is answered by then."""

    @abc.abstractmethod
    def on_answer(self, call: "UnaryCall") -> bool:
        """Return whether a call that is answered now is watched already."""


class UnaryCall:
    """One request, and its one reply."""

    __slots__ = ("_began", "_call", "_cancel", "_counts", "_deadline", "_handler", "_is_cut",
                 "_is_over", "_metadata", "_operation", "_transport")  # fmt: skip

    def __init__(
        self,
        transport: UnaryHost,
        operation: Operation,
        handler: UnaryHandler,
        counts: GrpcMethod,
        event: Any,
    ) -> None:
        now = time.monotonic()
        self._began = now
        self._counts = counts
        counts.started += 1
        self._transport = transport
        self._operation = operation
        self._handler = handler
        self._call = event.call
        self._metadata = event.invocation_metadata
        # By the monotonic clock: the other one may be set while the message is on its way.
        self._deadline = event.call_details.deadline - time.time() + now
        self._cancel: Optional[Callable[[], None]] = None
        self._is_over = False
        # Whether core has ended it, which then has told its client why.
        self._is_cut = False
        self._ask_for_message()
        transport.on_begin(self)

    @property
    def may_be_shed(self) -> bool:
        """Whether its message is still arriving, and it is one for the model."""
        is_arriving = self._cancel is None and not self._is_over
        return is_arriving and self._operation.is_forwarded

    def refuse(self, reply: Reply) -> None:
        """Answer it before its message is there."""
        self._respond(reply, NO_HEADERS)

    def watch(self) -> None:
        """Have it noticed when the client goes away."""
        core.watch_close(self._call, self._on_close)

    def _ask_for_message(self) -> None:
        core.receive_message(self._call, self._on_message)

    def _on_message(self, event: Any) -> None:
        if not event.success:  # core has ended the call: its message was too large, say
            self._is_cut = True
        else:
            payload = core.message_of(event)
            if payload is None:
                self._respond(NO_REQUEST, NO_HEADERS)
            else:
                self._accept(payload)

    def _on_close(self, event: Any) -> None:
        if core.is_cancelled(event):
            cancel = self._cancel
            if self._end():
                self._count_closed()
                if cancel is not None:
                    cancel()

    def _count_closed(self) -> None:
        """Count a call that was not answered here."""
        now = time.monotonic()
        if now >= self._deadline - TIMER_SECONDS:
            self._counts.end(Status.DEADLINE_EXCEEDED, now - self._began)
        elif self._is_cut:
            self._counts.end_unread(now - self._began)
        else:
            self._counts.end(Status.CANCELLED, now - self._began)

    def _accept(self, payload: bytes) -> None:
        try:
            left = self._deadline - time.monotonic()
            seconds_left = left if left < MAX_SECONDS else None
            request = read_request(
                self._operation, payload, self._metadata, seconds_left, self._respond
            )
            cancel = self._handler(request)
        except Exception as error:  # noqa: BLE001  a bug of ours costs this call alone
            self._respond(failed(error), NO_HEADERS)
            return
        if not self._is_over:
            self._cancel = cancel

    def _respond(self, reply: Reply, headers: Headers) -> None:
        if not self._end():
            return
        self._counts.end(reply.status, time.monotonic() - self._began)
        if not self._transport.is_shut:
            core.answer(self._call, reply, headers, self._transport.on_answer(self))

    def _end(self) -> bool:
        """End the call, and return whether it had not ended before."""
        is_first, self._is_over = not self._is_over, True
        self._cancel = None  # it refers to this object: no cycle may keep the request in memory
        return is_first


class BoundCall(UnaryCall):
    """One whose message is asked for when it is its turn."""

    __slots__ = ()

    def _ask_for_message(self) -> None:
        self._transport.arrivals.begin(self, super()._ask_for_message)

    def _on_message(self, event: Any) -> None:
        self._transport.arrivals.end(self)
        super()._on_message(event)
