"""Serve on grpc's completion queue: the thread that waits in it deals with what comes.

It calls the handlers itself, holding the front lock once for all requests that are there. Replies
are started by whichever thread learns of them. So the lock passes from thread to thread, and no
call does.
"""

import asyncio
import functools
import math
import time
import weakref
from typing import Any, Callable, Dict, List, Optional

import grpc

from serving_runtime.errors import ServingError
from serving_runtime.security import NO_SECURITY, Security
from serving_runtime.server.arrivals import Arrivals
from serving_runtime.server.front_lock import FrontLock
from serving_runtime.server.grpc import cygrpc as core
from serving_runtime.server.grpc.completion_queue_call import BoundCall, UnaryCall, UnaryHost
from serving_runtime.server.grpc.completion_queue_stream import StreamCall, StreamHost, resolve
from serving_runtime.server.grpc.options import server_options
from serving_runtime.server.grpc.status import UNKNOWN_METHOD, failed
from serving_runtime.server.grpc.transport import GrpcTransport
from serving_runtime.server.metrics import GrpcCounts
from serving_runtime.server.timer import EarliestTimer
from serving_runtime.server.transport import NO_HEADERS, Reply, Routes
from serving_runtime.settings import Settings

# A call that takes longer than this is watched: if its client goes away, that is noticed. Most are
# answered sooner, and watching costs as much as answering.
UNWATCHED_SECONDS = 0.03


class CompletionQueueTransport(GrpcTransport, UnaryHost):
    """A server of grpc's core, driven by its completion queue.

    Methods that begin with ``on_`` are called while holding the front lock, in any thread; all
    others in the event loop's.
    """

    def __init__(
        self,
        routes: Routes,
        settings: Settings,
        lock: FrontLock,
        security: Security = NO_SECURITY,
        counts: Optional[GrpcCounts] = None,
    ) -> None:
        super().__init__(routes, settings, lock, security, counts)
        rows = [row for rows in self._routes for row in rows]
        self._methods = {row.grpc_method.encode(): self._counts.of(row) for row in rows}
        self._has_access_control = security.access is not None
        self._begin: Dict[bytes, Callable[[Any], object]] = {}
        for operation, handler in self._routes.unary.items():
            name = operation.grpc_method.encode()
            counted = self._methods[name]
            self._begin[name] = functools.partial(UnaryCall, self, operation, handler, counted)
        # What `_on_call` looks in; while calls are shed, another one.
        self._normal_begin = self._begin
        host = StreamHost(self.in_loop, lambda: self.is_shut)
        for operation, stream in self._routes.streams.items():
            name = operation.grpc_method.encode()
            begin = functools.partial(StreamCall, host, operation, stream, self._methods[name])
            self._begin[name] = self._remembering(begin) if operation.is_forwarded else begin
        # Those for the model: of what they receive only core knows how much it is.
        self._streams: weakref.WeakSet[StreamCall] = weakref.WeakSet()
        # Bounded where there is little memory.
        self.arrivals = Arrivals(0)
        self._server = core.CoreServer(server_options(settings), lock, self._on_call, self._on_end)
        self._is_started = False
        # When each is to be watched; the oldest is the first.
        self._unwatched: Dict[UnaryCall, float] = {}
        self._watching = EarliestTimer(lock, lambda: self._on_long_calls(time.monotonic()))
        # Of those that are watched, the ones whose message was still arriving then.
        self._arriving: List[UnaryCall] = []
        # No batch may be started any more. Changes while holding the lock.
        self.is_shut = False

    async def stop(self, grace_seconds: float) -> None:
        """Close what is open; calls that still run after the grace are cancelled."""
        self._remove_socket()
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

    def bound_arrivals(self, max_calls: int) -> None:
        """Ask core for the messages of at most so many calls for the model at a time."""
        self.arrivals = Arrivals(max_calls)
        for operation, handler in self._routes.unary.items():
            if operation.is_forwarded:
                name = operation.grpc_method.encode()
                begin = functools.partial(BoundCall, self, operation, handler, self._methods[name])
                self._normal_begin[name] = begin

    def pass_on_arrivals(self) -> None:
        """Ask core for the messages of all calls that are held back."""
        self.arrivals.pass_on()

    def shed(self, refusal: Optional[ServingError]) -> int:
        """Refuse the calls that come, and those whose message is not there yet, but for the oldest.

        Streams receive no more: they end when what they have received is answered.
        Core keeps all that it has received of a message, and only it knows how much that is: once
        their calls are answered it forgets it.
        """
        if refusal is None:
            self._begin = self._normal_begin
            return 0
        reply = failed(refusal)
        refuse = functools.partial(self._refuse_for, refusal.reason, reply)
        rows = (row for routes in self._routes for row in routes if row.is_forwarded)
        self._begin = {
            **self._normal_begin,
            **{row.grpc_method.encode(): refuse for row in rows},
        }
        arriving = [call for call in (*self._arriving, *self._unwatched) if call.may_be_shed]
        for call in arriving[1:]:
            call.refuse(reply)
        streams = list(self._streams)
        self._streams.clear()
        for stream in streams:
            stream.refuse(refusal)
        return len(arriving[1:]) + len(streams)

    def in_loop(self, work: Callable[..., None], *arguments: Any) -> None:
        """Make the event loop call ``work``."""
        self._loop.call_soon_threadsafe(work, *arguments)

    def on_begin(self, call: UnaryCall) -> None:
        """Watch a call later, unless it is answered by then."""
        due = time.monotonic() + UNWATCHED_SECONDS
        if not self._unwatched:
            self._watching.set(due)
        self._unwatched[call] = due

    def on_answer(self, call: UnaryCall) -> bool:
        """Return whether a call that is answered now is watched already."""
        return self._unwatched.pop(call, None) is None

    def _listen(self, address: str, credentials: Optional[grpc.ServerCredentials]) -> int:
        self._loop = asyncio.get_event_loop()
        self._ended = self._loop.create_future()
        return self._server.bind(address, credentials)

    async def _serve(self) -> None:
        self._server.start()
        self._is_started = True

    def _remembering(self, begin: Callable[[Any], StreamCall]) -> Callable[[Any], None]:
        return lambda event: self._streams.add(begin(event))

    def _on_long_calls(self, now: float) -> None:
        for call, due in list(self._unwatched.items()):
            if due > now:
                self._watching.set(due)
                break
            del self._unwatched[call]
            if not self.is_shut:
                call.watch()
                self._arriving.append(call)
        self._arriving = [call for call in self._arriving if call.may_be_shed]

    def _on_call(self, event: Any) -> None:
        method = event.call_details.method
        if self._has_access_control:  # before any of the request is read
            refusal = self._refusal(method.decode("latin-1"), event.invocation_metadata)
            if refusal is not None:
                self._refuse(refusal, event)
                return
        self._begin.get(method, self._refuse_unknown)(event)

    def _refuse_for(self, reason: str, reply: Reply, event: Any) -> None:
        self._counts.refusals[reason] += 1
        self._refuse(reply, event)

    def _refuse_unknown(self, event: Any) -> None:
        self._refuse(UNKNOWN_METHOD, event)

    def _refuse(self, reply: Reply, event: Any) -> None:
        self._methods.get(event.call_details.method, self._counts.unknown).refuse(reply.status)
        core.answer(event.call, reply, NO_HEADERS, is_watched=False)

    def _on_end(self) -> None:
        self.in_loop(resolve, self._ended, None)
