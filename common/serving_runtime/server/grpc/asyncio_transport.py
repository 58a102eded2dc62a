"""Serve by grpcio's public asyncio server."""

import asyncio
import functools
import sys
import time
from typing import Any, AsyncGenerator, AsyncIterator, Awaitable, Callable, Dict, Optional

import grpc
import grpc.aio

from serving_runtime.errors import Status
from serving_runtime.operations import Operation
from serving_runtime.security import NO_SECURITY, Security
from serving_runtime.server.front_lock import FrontLock
from serving_runtime.server.grpc.options import server_options
from serving_runtime.server.grpc.status import CODES, UNKNOWN_METHOD, details_of, failed
from serving_runtime.server.grpc.transport import (
    TIMER_SECONDS,
    GrpcTransport,
    read_request,
    read_stream,
)
from serving_runtime.server.metrics import GrpcCounts
from serving_runtime.server.metrics.transports import GrpcMethod
from serving_runtime.server.transport import (
    NO_HEADERS,
    Headers,
    Reply,
    Routes,
    StreamHandler,
    UnaryHandler,
)
from serving_runtime.settings import Settings


class AsyncioTransport(GrpcTransport):
    """grpcio's asyncio server with generic handlers: messages stay bytes."""

    def __init__(
        self,
        routes: Routes,
        settings: Settings,
        lock: FrontLock,
        security: Security = NO_SECURITY,
        counts: Optional[GrpcCounts] = None,
    ) -> None:
        super().__init__(routes, settings, lock, security, counts)
        self._server = grpc.aio.server(options=server_options(settings))
        router = _Router(self._routes, lock, self._refusal, self._counts)
        self._server.add_generic_rpc_handlers((router,))

    async def stop(self, grace_seconds: float) -> None:
        """Close what is open; calls that still run after the grace are cancelled."""
        self._remove_socket()
        await self._server.stop(grace_seconds)

    def _listen(self, address: str, credentials: Optional[grpc.ServerCredentials]) -> int:
        if credentials is None:
            return int(self._server.add_insecure_port(address))
        return int(self._server.add_secure_port(address, credentials))

    async def _serve(self) -> None:
        await self._server.start()


class _Router(grpc.GenericRpcHandler):  # type: ignore[type-arg]  # generic only in its stubs
    def __init__(
        self,
        routes: Routes,
        lock: FrontLock,
        refusal: Callable[[str, Headers], Optional[Reply]],
        counts: GrpcCounts,
    ) -> None:
        self._refusal = refusal
        self._methods = {row.grpc_method: counts.of(row) for rows in routes for row in rows}
        self._unknown = counts.unknown
        self._arriving = _Arriving()
        self._handlers: Dict[str, Any] = {}
        self._unary: Dict[str, GrpcMethod] = {}
        for operation, handler in routes.unary.items():
            self._handlers[operation.grpc_method] = grpc.unary_unary_rpc_method_handler(
                _unary_behaviour(operation, handler, lock, counts.of(operation), self._arriving)
            )
            self._unary[operation.grpc_method] = counts.of(operation)
        for operation, stream in routes.streams.items():
            self._handlers[operation.grpc_method] = grpc.stream_stream_rpc_method_handler(
                _stream_behaviour(operation, stream, counts.of(operation))
            )

    def service(self, handler_call_details: Any) -> Any:
        name, metadata = handler_call_details.method, handler_call_details.invocation_metadata or ()
        refusal = self._refusal(name, metadata)
        if refusal is None and name in self._handlers:
            if name in self._unary:
                self._arriving.add(self._unary[name])
            return self._handlers[name]
        refusal = refusal or UNKNOWN_METHOD
        self._methods.get(name, self._unknown).refuse(refusal.status)
        return _refuser(refusal)


class _Arriving:
    """Calls whose message has not come: grpcio tells nobody of those that it refuses itself."""

    def __init__(self) -> None:
        # When each began, by the task that grpcio makes for it.
        self._began: Dict[Any, float] = {}

    def add(self, counts: GrpcMethod) -> None:
        """Note that a call begins, in its task."""
        task = _current_task()
        self._began[task] = time.monotonic()
        counts.started += 1
        task.add_done_callback(functools.partial(self._on_done, counts))

    def take(self) -> float:
        """Return when the call of this task began, whose message is there."""
        return self._began.pop(_current_task())

    def _on_done(self, counts: GrpcMethod, task: Any) -> None:
        began = self._began.pop(task, None)
        if began is None:
            return
        if task.cancelled():  # else its message was too large, or its client has gone before
            counts.end(Status.CANCELLED, time.monotonic() - began)
        else:
            counts.end_unread(time.monotonic() - began)


def _current_task() -> Any:
    if sys.version_info >= (3, 7):
        return asyncio.current_task()  # novm
    else:  # noqa: RET505  mypy knows that this is of the images of Python 3.6
        return asyncio.Task.current_task()


# What grpcio calls must be a coroutine function, or an asynchronous generator function; a partial
# of one passes for a plain function before Python 3.8.


def _unary_behaviour(
    operation: Operation,
    handler: UnaryHandler,
    lock: FrontLock,
    counts: GrpcMethod,
    arriving: "_Arriving",
) -> Callable[[bytes, Any], Awaitable[bytes]]:
    async def answer(payload: bytes, context: Any) -> bytes:
        began = arriving.take()
        replied = asyncio.get_event_loop().create_future()
        metadata, seconds_left = context.invocation_metadata() or (), context.time_remaining()
        respond = functools.partial(_set, replied)
        request = read_request(operation, payload, metadata, seconds_left, respond)
        with lock:
            try:
                cancel = handler(request)
            except Exception as error:  # noqa: BLE001  grpcio would answer UNKNOWN, with its text
                respond(failed(error), NO_HEADERS)
                cancel = _nothing
        try:
            reply, headers = await replied
        except asyncio.CancelledError:
            counts.end(_status_of_cancelled(began, seconds_left), time.monotonic() - began)
            with lock:
                cancel()
            raise
        counts.end(reply.status, time.monotonic() - began)
        return await _send(reply, headers, context)

    return answer


def _stream_behaviour(
    operation: Operation, handler: StreamHandler, counts: GrpcMethod
) -> Callable[[AsyncIterator[bytes], Any], AsyncGenerator[bytes, None]]:
    async def answer(requests: AsyncIterator[bytes], context: Any) -> AsyncGenerator[bytes, None]:
        began, status = time.monotonic(), Status.OK
        counts.started += 1
        metadata, seconds_left = context.invocation_metadata() or (), context.time_remaining()
        stream = read_stream(operation, requests, metadata, seconds_left)
        replies = handler(stream)
        try:
            async for payload in replies:
                yield payload
                del payload  # it may be large, and the next one may not come for long
            context.set_trailing_metadata(tuple(stream.trailers))
        except asyncio.CancelledError:  # an Exception before Python 3.8
            status = _status_of_cancelled(began, seconds_left)
            raise
        except Exception as error:  # noqa: BLE001  as above
            reply = failed(error)
            status = reply.status
            await _send(reply, stream.trailers, context)
        finally:
            counts.end(status, time.monotonic() - began)
            await replies.aclose()

    return answer


def _status_of_cancelled(began: float, seconds_left: Optional[float]) -> Status:
    """Return why a call was cancelled: grpc does so at its deadline, and where its client goes."""
    is_late = seconds_left is not None and time.monotonic() >= began + seconds_left - TIMER_SECONDS
    return Status.DEADLINE_EXCEEDED if is_late else Status.CANCELLED


def _refuser(refusal: Reply) -> Any:
    async def refuse(requests: AsyncIterator[bytes], context: Any) -> None:
        await _send(refusal, NO_HEADERS, context)

    # Not as for one request, which grpcio would receive before it called this.
    return grpc.stream_stream_rpc_method_handler(refuse)


async def _send(reply: Reply, headers: Headers, context: Any) -> bytes:
    """Return a reply's bytes to grpcio, or end the call with its status."""
    if reply.status != Status.OK:
        await context.abort(CODES[reply.status], details_of(reply), tuple(headers))
    if headers:
        context.set_trailing_metadata(tuple(headers))
    return reply.payload


def _nothing() -> None:
    """Cancel a call that has ended."""


def _set(future: "asyncio.Future[Any]", reply: Reply, headers: Headers) -> None:
    if not future.done():
        future.set_result((reply, headers))
