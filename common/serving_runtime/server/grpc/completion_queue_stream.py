"""Answer a stream that comes by grpc's completion queue, in a task of the event loop."""

import asyncio
import functools
import time
from typing import Any, Callable, NamedTuple, Optional

from serving_runtime.errors import ServingError, Status
from serving_runtime.operations import Operation
from serving_runtime.server.grpc import cygrpc as core
from serving_runtime.server.grpc.completion_queue_call import MAX_SECONDS
from serving_runtime.server.grpc.status import FAILED, failed
from serving_runtime.server.grpc.transport import TIMER_SECONDS, read_stream
from serving_runtime.server.metrics.transports import GrpcMethod
from serving_runtime.server.transport import Reply, StreamHandler

DONE = Reply(Status.OK, "", b"")


class StreamHost(NamedTuple):
    """What a stream needs of the transport that it came by.

    ``in_loop(work, *arguments)`` has the event loop call ``work``; ``is_shut`` returns whether no
    batch may be started any more.
    """

    in_loop: Callable[..., None]
    is_shut: Callable[[], bool]


class StreamCall:
    """A stream of requests, which is iterated over, answered by a task."""

    def __init__(
        self,
        host: StreamHost,
        operation: Operation,
        handler: StreamHandler,
        counts: GrpcMethod,
        event: Any,
    ) -> None:
        self._began = time.monotonic()
        self._counts = counts
        counts.started += 1
        self._host = host
        self._call = event.call
        left = event.call_details.deadline - time.time()
        self._deadline = self._began + left
        seconds_left = left if left < MAX_SECONDS else None
        stream = read_stream(operation, self, event.invocation_metadata, seconds_left)
        self._trailers = stream.trailers
        self._replies = handler(stream)
        self._task: Optional[asyncio.Future[None]] = None
        # The next message's event, once one was asked for; and why no more is.
        self._next: Optional[asyncio.Future[Any]] = None
        self._refusal: Optional[ServingError] = None
        host.in_loop(self._begin)
        core.watch_close(self._call, self._on_close)

    def __aiter__(self) -> "StreamCall":
        return self

    async def __anext__(self) -> bytes:
        if self._refusal is not None:
            raise self._refusal
        self._next = self._start(core.receive_message)
        payload = core.message_of(await self._next)
        if payload is None:
            raise StopAsyncIteration
        return payload

    def refuse(self, error: ServingError) -> None:
        """Receive no more messages, in any thread: the stream's iteration raises the error."""
        self._refusal = error
        self._host.in_loop(self._interrupt)

    def _interrupt(self) -> None:
        if self._next is not None and not self._next.done() and self._refusal is not None:
            self._next.set_exception(self._refusal)

    def _begin(self) -> None:
        self._task = asyncio.ensure_future(self._answer_all())

    def _on_close(self, event: Any) -> None:
        if core.is_cancelled(event):
            self._host.in_loop(self._give_up)

    def _give_up(self) -> None:
        if self._task is not None:
            self._task.cancel()

    async def _answer_all(self) -> None:
        reply, status = FAILED, FAILED.status
        try:
            await self._start(core.begin_replies)
            async for payload in self._replies:
                await self._start(functools.partial(core.send_reply, payload=payload))
                del payload  # it may be large, and the next one may not come for long
            reply, status = DONE, DONE.status
        except asyncio.CancelledError:  # an Exception before Python 3.8
            is_late = time.monotonic() >= self._deadline - TIMER_SECONDS
            status = Status.DEADLINE_EXCEEDED if is_late else Status.CANCELLED
            raise
        except Exception as error:  # noqa: BLE001  the client is to learn that nothing follows
            reply = failed(error)
            status = reply.status
        finally:
            self._counts.end(status, time.monotonic() - self._began)
            await self._replies.aclose()
            if not self._host.is_shut():
                core.end_replies(self._call, reply, self._trailers)

    def _start(self, start: Callable[..., None]) -> "asyncio.Future[Any]":
        """Start an operation; its event is the result."""
        done = asyncio.get_event_loop().create_future()
        start(self._call, tag=lambda event: self._host.in_loop(resolve, done, event))
        return done


def resolve(future: "asyncio.Future[Any]", result: Any) -> None:
    """Set a future's result, unless its task was cancelled meanwhile."""
    if not future.done():
        future.set_result(result)
