"""Serve by grpcio's public asyncio server."""

import asyncio
import functools
from typing import Any, AsyncGenerator, AsyncIterator, Awaitable, Callable, Dict, Optional

import grpc
import grpc.aio

from serving_runtime.errors import Status
from serving_runtime.operations import Operation
from serving_runtime.security import NO_SECURITY, Security
from serving_runtime.server.front_lock import FrontLock
from serving_runtime.server.grpc.options import server_options
from serving_runtime.server.grpc.status import CODES, details_of, failed
from serving_runtime.server.grpc.transport import GrpcTransport, read_request, read_stream
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
    ) -> None:
        super().__init__(routes, settings, lock, security)
        self._server = grpc.aio.server(options=server_options(settings))
        self._server.add_generic_rpc_handlers((_Router(self._routes, lock, self._refusal),))

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
    ) -> None:
        self._refusal = refusal
        self._handlers: Dict[str, Any] = {}
        for operation, handler in routes.unary.items():
            self._handlers[operation.grpc_method] = grpc.unary_unary_rpc_method_handler(
                _unary_behaviour(operation, handler, lock)
            )
        for operation, stream in routes.streams.items():
            self._handlers[operation.grpc_method] = grpc.stream_stream_rpc_method_handler(
                _stream_behaviour(operation, stream)
            )

    def service(self, handler_call_details: Any) -> Any:
        metadata = handler_call_details.invocation_metadata or ()
        refusal = self._refusal(handler_call_details.method, metadata)
        if refusal is not None:
            return _refuser(refusal)
        return self._handlers.get(handler_call_details.method)


# What grpcio calls must be a coroutine function, or an asynchronous generator function; a partial
# of one passes for a plain function before Python 3.8.


def _unary_behaviour(
    operation: Operation, handler: UnaryHandler, lock: FrontLock
) -> Callable[[bytes, Any], Awaitable[bytes]]:
    async def answer(payload: bytes, context: Any) -> bytes:
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
            with lock:
                cancel()
            raise
        return await _send(reply, headers, context)

    return answer


def _stream_behaviour(
    operation: Operation, handler: StreamHandler
) -> Callable[[AsyncIterator[bytes], Any], AsyncGenerator[bytes, None]]:
    async def answer(requests: AsyncIterator[bytes], context: Any) -> AsyncGenerator[bytes, None]:
        metadata, seconds_left = context.invocation_metadata() or (), context.time_remaining()
        stream = read_stream(operation, requests, metadata, seconds_left)
        replies = handler(stream)
        try:
            async for payload in replies:
                yield payload
                del payload  # it may be large, and the next one may not come for long
            context.set_trailing_metadata(tuple(stream.trailers))
        except asyncio.CancelledError:  # an Exception before Python 3.8
            raise
        except Exception as error:  # noqa: BLE001  as above
            await _send(failed(error), stream.trailers, context)
        finally:
            await replies.aclose()

    return answer


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
