"""Choose the gRPC transport: the fast one where it works, else that of grpcio's public server."""

import asyncio
from typing import Callable, Optional

import grpc

from serving_runtime import logs
from serving_runtime.errors import StartError, Status
from serving_runtime.operations import AnsweredBy, Operation
from serving_runtime.security import NO_SECURITY, Security
from serving_runtime.server.front_lock import FrontLock
from serving_runtime.server.grpc.asyncio_transport import AsyncioTransport
from serving_runtime.server.metrics import GrpcCounts
from serving_runtime.server.transport import NO_HEADERS, Reply, Request, Routes, Transport
from serving_runtime.settings import Settings

logger = logs.get_logger(__name__)

TRIAL = Operation("trial.echo", AnsweredBy.FRONT, "/serving_runtime.Trial/Echo")
TRIAL_SECONDS = 2.0


async def choose(
    routes: Routes,
    settings: Settings,
    lock: FrontLock,
    security: Security = NO_SECURITY,
    counts: Optional[GrpcCounts] = None,
) -> Transport:
    """Return the transport that RUNTIME_GRPC_TRANSPORT asks for, or the best that works here.

    Raises:
        StartError: the one that was asked for does not work with the installed grpcio.
    """
    if settings.grpc_transport == "asyncio":
        return AsyncioTransport(routes, settings, lock, security, counts)
    try:
        # Imported here since it may already fail: it uses what is private to grpcio.
        from serving_runtime.server.grpc.completion_queue_transport import CompletionQueueTransport

        trial = _try(CompletionQueueTransport(Routes({TRIAL: _echo}, {}), settings, FrontLock()))
        await asyncio.wait_for(trial, TRIAL_SECONDS)
        if security.certificates is not None:
            secured = CompletionQueueTransport(Routes({}, {}), settings, FrontLock(), security)
            await asyncio.wait_for(_open(secured), TRIAL_SECONDS)
        return CompletionQueueTransport(routes, settings, lock, security, counts)
    except Exception as error:  # noqa: BLE001  whatever it is, the other one serves
        what = f"grpcio {grpc.__version__} cannot be driven by its completion queue: {error!r}"
    if settings.grpc_transport == "completion_queue":
        raise StartError(what, "RUNTIME_GRPC_TRANSPORT=auto or asyncio uses grpcio's public server")
    logger.warning("%s; its asyncio server is used, which is slower", what)
    return AsyncioTransport(routes, settings, lock, security, counts)


async def _try(transport: Transport) -> None:
    """Make a transport answer one call on a port of its own; raises whatever goes wrong."""
    port = await transport.start("127.0.0.1", 0)
    try:
        options = (("grpc.enable_http_proxy", 0), ("grpc.use_local_subchannel_pool", 1))
        with grpc.insecure_channel(f"127.0.0.1:{port}", options) as channel:
            reply = await _call(channel, b"\x00trial")
    finally:
        await transport.stop(TRIAL_SECONDS)
    if reply != b"\x00trial":
        raise ValueError(f"the trial call was answered {reply!r}")


async def _open(transport: Transport) -> None:
    """Check that a transport takes the certificates, which the trial call does without."""
    await transport.start("127.0.0.1", 0)
    await transport.stop(0)


async def _call(channel: grpc.Channel, payload: bytes) -> bytes:
    loop = asyncio.get_event_loop()
    answered = asyncio.Event()
    call = channel.unary_unary(TRIAL.grpc_method, None, None).future(payload)
    call.add_done_callback(lambda done: _wake(loop, answered))
    await answered.wait()
    return bytes(call.result())


def _wake(loop: asyncio.AbstractEventLoop, event: asyncio.Event) -> None:
    loop.call_soon_threadsafe(event.set)


def _echo(request: Request) -> Callable[[], None]:
    request.respond(Reply(Status.OK, "", request.payload), NO_HEADERS)
    return lambda: None
