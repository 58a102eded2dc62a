"""Listen with grpcio's public asyncio server."""

import asyncio
import functools
from typing import Any, AsyncIterator, Awaitable, Callable, Optional

import grpc
import grpc.aio

from serving_runtime.errors import ServingError, Status, one_line
from serving_runtime.operations import Operation
from serving_runtime.security import NONE, Security
from serving_runtime.security.tokens import TokenAuthenticator
from serving_runtime.server.front_lock import FrontLock
from serving_runtime.server.grpc.options import server_options
from serving_runtime.server.transport import (
    Metadata,
    Reply,
    Request,
    Routes,
    StreamHandler,
    Transport,
    UnaryHandler,
    first_values,
    port_refused,
    refusal_of,
)
from serving_runtime.settings import Settings

CODES = {code.value[0]: code for code in grpc.StatusCode}


class AsyncioTransport(Transport):
    """grpcio's asyncio server with generic handlers: messages stay bytes."""

    def __init__(
        self, routes: Routes, settings: Settings, lock: FrontLock, protection: Security = NONE
    ) -> None:
        self._security = protection
        self._server = grpc.aio.server(options=server_options(settings))
        self._server.add_generic_rpc_handlers((_Router(routes, lock, protection.access),))

    async def start(self, host: str, port: int) -> int:
        """Listen, and return the port (a free one for port 0)."""
        try:
            bound = self._bind(f"{host}:{port}")
        except RuntimeError:
            bound = 0
        if bound == 0:
            raise port_refused(host, port)
        await self._server.start()
        return bound

    async def stop(self, grace_seconds: float) -> None:
        """Stop; calls that still run after the grace are cancelled."""
        await self._server.stop(grace_seconds)

    def _bind(self, address: str) -> int:
        credentials = self._security.credentials()
        if credentials is None:
            return int(self._server.add_insecure_port(address))
        return int(self._server.add_secure_port(address, credentials))


class _Router(grpc.GenericRpcHandler):  # type: ignore[type-arg]  # generic only in its stubs
    def __init__(
        self, routes: Routes, lock: FrontLock, access: Optional[TokenAuthenticator]
    ) -> None:
        self._access = access
        self._handlers = {
            operation.grpc_method: grpc.unary_unary_rpc_method_handler(
                _unary_behaviour(operation, handler, lock)
            )
            for operation, handler in routes.unary.items()
        }
        for operation, stream in routes.streams.items():
            self._handlers[operation.grpc_method] = grpc.stream_stream_rpc_method_handler(
                _stream_behaviour(stream)
            )

    def service(self, handler_call_details: Any) -> Any:
        if self._access is not None:
            told = handler_call_details.invocation_metadata or ()
            refusal = refusal_of(self._access, handler_call_details.method, told)
            if refusal is not None:
                return _refuser(refusal)
        return self._handlers.get(handler_call_details.method)


# What grpcio calls must be a coroutine function, or an asynchronous generator function; a partial
# of one is not told from a plain function before Python 3.8.


def _unary_behaviour(
    operation: Operation, handler: UnaryHandler, lock: FrontLock
) -> Callable[[bytes, Any], Awaitable[bytes]]:
    async def answer(payload: bytes, context: Any) -> bytes:
        answered = asyncio.get_event_loop().create_future()
        incoming = _incoming(operation, payload, context, functools.partial(_set, answered))
        with lock:
            cancel = handler(incoming)
        try:
            outcome, metadata = await answered
        except asyncio.CancelledError:
            with lock:
                cancel()
            raise
        return await _told(outcome, metadata, context)

    return answer


def _stream_behaviour(
    handler: StreamHandler,
) -> Callable[[AsyncIterator[bytes], Any], AsyncIterator[bytes]]:
    async def answer(requests: AsyncIterator[bytes], context: Any) -> AsyncIterator[bytes]:
        try:
            async for reply in handler(requests):
                yield reply
        except ServingError as error:
            await context.abort(CODES[error.status], one_line(str(error)))

    return answer


def _refuser(refusal: Reply) -> Any:
    async def refuse(requests: AsyncIterator[bytes], context: Any) -> None:
        await context.abort(CODES[refusal.status], refusal.details)

    # Not as for one request, which grpcio would receive before it called this.
    return grpc.stream_stream_rpc_method_handler(refuse)


def _incoming(
    operation: Operation, payload: bytes, context: Any, respond: Callable[[Reply, Metadata], None]
) -> Request:
    told = first_values(context.invocation_metadata() or ())
    return Request(
        operation=operation,
        payload=payload,
        request_id=told.get("x-request-id", ""),
        seconds_left=context.time_remaining(),
        reset_state=told.get("x-reset-state"),
        respond=respond,
    )


async def _told(outcome: Reply, metadata: Metadata, context: Any) -> bytes:
    """Tell grpcio the outcome, and return the reply."""
    if outcome.status != Status.OK:
        await context.abort(CODES[outcome.status], outcome.details, tuple(metadata))
    if metadata:
        context.set_trailing_metadata(tuple(metadata))
    return outcome.payload


def _set(future: "asyncio.Future[Any]", outcome: Reply, metadata: Metadata) -> None:
    if not future.done():
        future.set_result((outcome, metadata))
