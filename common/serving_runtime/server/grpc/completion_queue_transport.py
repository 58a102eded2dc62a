"""Listen on grpc's completion queue: the thread that waits in it deals with what comes.

It hands requests to the front itself, in a turn that takes in all that are there. Answers are
started by whichever thread learns of them. So no call is handed from one thread to another.
"""

import asyncio
import functools
import math
import time
from typing import Any, Callable, Dict, Optional

from serving_runtime.errors import Status
from serving_runtime.operations import Operation
from serving_runtime.security import NONE, Security
from serving_runtime.server.front_lock import FrontLock
from serving_runtime.server.grpc import cygrpc as core
from serving_runtime.server.grpc.completion_queue_stream import FAILED, StreamCall, resolve
from serving_runtime.server.grpc.options import server_options
from serving_runtime.server.timer import EarliestTimer
from serving_runtime.server.transport import (
    Metadata,
    Reply,
    Request,
    Routes,
    Transport,
    UnaryHandler,
    first_values,
    port_refused,
    refusal_of,
)
from serving_runtime.settings import Settings

# A call that takes longer than this is watched: if its client goes away, that is noticed. Most are
# answered sooner, and watching costs as much as answering.
UNWATCHED_SECONDS = 0.03
# To core a client without a deadline has one in the far future.
MAX_SECONDS = 1e9

UNKNOWN_METHOD = Reply(Status.UNIMPLEMENTED, "there is no such method here", b"")
NO_REQUEST = Reply(Status.UNIMPLEMENTED, "the method takes one request, and none came", b"")


class CompletionQueueTransport(Transport):
    """A server of grpc's core, driven by its completion queue.

    Methods that begin with ``on_`` run in turns, in any thread; all others in the loop's.
    """

    def __init__(
        self, routes: Routes, settings: Settings, lock: FrontLock, protection: Security = NONE
    ) -> None:
        self._lock = lock
        self._security = protection
        self._access = protection.access
        self._begin: Dict[bytes, Callable[[Any], object]] = {}
        for operation, handler in routes.unary.items():
            name = operation.grpc_method.encode()
            self._begin[name] = functools.partial(_UnaryCall, self, operation, handler)
        for operation, stream in routes.streams.items():
            name = operation.grpc_method.encode()
            self._begin[name] = functools.partial(StreamCall, self, stream)
        self._server = core.CoreServer(server_options(settings), lock, self._on_call, self._on_end)
        self._is_started = False
        # When each is to be watched; the oldest is the first.
        self._unwatched: Dict[_UnaryCall, float] = {}
        self._watching = EarliestTimer(lock, lambda: self._on_long_calls(time.monotonic()))
        # No batch may be started any more. Changes within a turn.
        self.is_shut = False

    async def start(self, host: str, port: int) -> int:
        """Listen, and return the port (a free one for port 0)."""
        self._loop = asyncio.get_event_loop()
        self._ended = self._loop.create_future()
        bound = self._server.bind(f"{host}:{port}", self._security.credentials())
        if bound == 0:
            raise port_refused(host, port)
        self._server.start()
        self._is_started = True
        return bound

    async def stop(self, grace_seconds: float) -> None:
        """Stop; calls that still run after the grace are cancelled."""
        if not self._is_started or self.is_shut:
            return
        left = self._loop.create_future()
        with self._lock:
            self._on_long_calls(math.inf)
        self._server.shut(lambda event: self.in_loop(resolve, left, event))
        await asyncio.wait([left], timeout=grace_seconds)
        self._server.cancel_all()
        await left
        with self._lock:
            self.is_shut = True
        self._server.end()
        await self._ended
        self._server.close()

    def in_loop(self, work: Callable[..., None], *arguments: Any) -> None:
        """Let the event loop call ``work``."""
        self._loop.call_soon_threadsafe(work, *arguments)

    def on_begin(self, call: "_UnaryCall") -> None:
        """Watch a call later, unless it is answered by then."""
        due = time.monotonic() + UNWATCHED_SECONDS
        if not self._unwatched:
            self._watching.set(due)
        self._unwatched[call] = due

    def on_answer(self, call: "_UnaryCall") -> bool:
        """Say whether a call that is answered now is watched already."""
        return self._unwatched.pop(call, None) is None

    def _on_long_calls(self, now: float) -> None:
        for call, due in list(self._unwatched.items()):
            if due > now:
                self._watching.set(due)
                return
            del self._unwatched[call]
            if not self.is_shut:
                call.watch()

    def _on_call(self, event: Any) -> None:
        method = event.call_details.method
        if self._access is not None:  # before any of the request is read
            told = event.invocation_metadata
            refusal = refusal_of(self._access, method.decode("latin-1"), told)
            if refusal is not None:
                core.answer(event.call, refusal, (), is_watched=False)
                return
        self._begin.get(method, _refuse_unknown)(event)

    def _on_end(self) -> None:
        self.in_loop(resolve, self._ended, None)


def _refuse_unknown(event: Any) -> None:
    core.answer(event.call, UNKNOWN_METHOD, (), is_watched=False)


class _UnaryCall:
    """One request, and its one answer."""

    __slots__ = ("_call", "_cancel", "_deadline", "_handler", "_is_over", "_metadata", "_operation",
                 "_transport")  # fmt: skip

    def __init__(
        self,
        transport: CompletionQueueTransport,
        operation: Operation,
        handler: UnaryHandler,
        event: Any,
    ) -> None:
        self._transport = transport
        self._operation = operation
        self._handler = handler
        self._call = event.call
        self._metadata = event.invocation_metadata
        # By the monotonic clock: the other one may be set while the message is on its way.
        self._deadline = event.call_details.deadline - time.time() + time.monotonic()
        self._cancel: Optional[Callable[[], None]] = None
        self._is_over = False
        core.receive_message(self._call, self._on_message)
        transport.on_begin(self)

    def watch(self) -> None:
        """Learn of it when the client goes away."""
        core.watch_close(self._call, self._on_close)

    def _on_message(self, event: Any) -> None:
        if event.success:  # else core has ended the call: its message was too large, say
            payload = core.message_of(event)
            if payload is None:
                self._respond(NO_REQUEST, ())
            else:
                self._accept(payload)

    def _on_close(self, event: Any) -> None:
        if core.is_cancelled(event):
            cancel = self._cancel
            if self._end() and cancel is not None:
                cancel()

    def _accept(self, payload: bytes) -> None:
        cancel = None
        try:
            cancel = self._handler(self._incoming(payload))
        finally:
            if cancel is None:
                self._respond(FAILED, ())
        if not self._is_over:
            self._cancel = cancel

    def _incoming(self, payload: bytes) -> Request:
        told = first_values(self._metadata)
        left = self._deadline - time.monotonic()
        return Request(
            operation=self._operation,
            payload=payload,
            request_id=told.get("x-request-id", ""),
            seconds_left=left if left < MAX_SECONDS else None,
            reset_state=told.get("x-reset-state"),
            respond=self._respond,
        )

    def _respond(self, outcome: Reply, metadata: Metadata) -> None:
        if self._end() and not self._transport.is_shut:
            core.answer(self._call, outcome, metadata, self._transport.on_answer(self))

    def _end(self) -> bool:
        """Say whether this is the call's first end."""
        is_first, self._is_over = not self._is_over, True
        self._cancel = None  # it refers to this object: no cycle may keep the request in memory
        return is_first
