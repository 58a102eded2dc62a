"""Choose the listener: the fast one where it works, else the one on grpcio's public server."""

import asyncio
import logging
from typing import Callable

import grpc

from serving_runtime.errors import StartError, Status
from serving_runtime.security import NONE, Protection
from serving_runtime.server.admission.call import Outcome
from serving_runtime.server.front_lock import Turns
from serving_runtime.server.grpc.asyncio_transport import AsyncioListener
from serving_runtime.server.transport import Incoming, Listener, Routes
from serving_runtime.settings import Settings

logger = logging.getLogger(__name__)

TRIAL = "/serving_runtime.Trial/Echo"
TRIAL_SECONDS = 2.0


async def choose(
    routes: Routes, settings: Settings, turns: Turns, protection: Protection = NONE
) -> Listener:
    """Return the listener that RUNTIME_LISTENER asks for, or the best that works here.

    Raises:
        StartError: the one that was asked for does not work with the installed grpcio.
    """
    if settings.listener == "asyncio":
        return AsyncioListener(routes, settings, turns, protection)
    try:
        # Imported here since it may already fail: it uses what is private to grpcio.
        from serving_runtime.server.grpc.completion_queue_transport import QueueListener

        trial = _try(QueueListener(Routes({TRIAL: _echo}, {}), settings, Turns()))
        await asyncio.wait_for(trial, TRIAL_SECONDS)
        if protection.certificates is not None:
            secured = QueueListener(Routes({}, {}), settings, Turns(), protection)
            await asyncio.wait_for(_open(secured), TRIAL_SECONDS)
        return QueueListener(routes, settings, turns, protection)
    except Exception as error:  # noqa: BLE001  whatever it is, the other listener serves
        what = f"grpcio {grpc.__version__} cannot be driven by its completion queue: {error!r}"
    if settings.listener == "completion_queue":
        raise StartError(what, "RUNTIME_LISTENER=auto or asyncio uses grpcio's public server")
    logger.warning("%s; its asyncio server is used, which is slower", what)
    return AsyncioListener(routes, settings, turns, protection)


async def _try(listener: Listener) -> None:
    """Make a listener answer one call on a port of its own; raises whatever goes wrong."""
    port = await listener.start("127.0.0.1", 0)
    try:
        options = (("grpc.enable_http_proxy", 0), ("grpc.use_local_subchannel_pool", 1))
        with grpc.insecure_channel(f"127.0.0.1:{port}", options) as channel:
            reply = await _call(channel, b"\x00trial")
    finally:
        await listener.stop(TRIAL_SECONDS)
    if reply != b"\x00trial":
        raise ValueError(f"the trial call was answered {reply!r}")


async def _open(listener: Listener) -> None:
    """See that a listener takes the certificates, which the trial call does without."""
    await listener.start("127.0.0.1", 0)
    await listener.stop(0)


async def _call(channel: grpc.Channel, payload: bytes) -> bytes:
    loop = asyncio.get_event_loop()
    answered = asyncio.Event()
    call = channel.unary_unary(TRIAL, None, None).future(payload)
    call.add_done_callback(lambda done: _wake(loop, answered))
    await answered.wait()
    return bytes(call.result())


def _wake(loop: asyncio.AbstractEventLoop, event: asyncio.Event) -> None:
    loop.call_soon_threadsafe(event.set)


def _echo(incoming: Incoming) -> Callable[[], None]:
    incoming.respond(Outcome(Status.OK, "", incoming.payload), ())
    return lambda: None
