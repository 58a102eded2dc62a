"""The life of the front: start, serve, drain, stop."""

import asyncio
import logging
import signal
import time
from typing import Callable, Dict

from serving_runtime import operations, security
from serving_runtime.errors import StartError
from serving_runtime.operations import Operation
from serving_runtime.server.admission.admission import Admission
from serving_runtime.server.admission.dispatcher import Dispatcher
from serving_runtime.server.front_lock import FrontLock
from serving_runtime.server.grpc import auto, port_sockets, reflection
from serving_runtime.server.health import Health, Phase
from serving_runtime.server.metrics import Counters
from serving_runtime.server.transport import (
    Reply,
    Request,
    Routes,
    StreamHandler,
    Transport,
    UnaryHandler,
)
from serving_runtime.server.workers.processes import Spawn
from serving_runtime.server.workers.supervisor import Supervisor
from serving_runtime.settings import Settings
from serving_runtime.system.memory import freeze_gc_heap

logger = logging.getLogger(__name__)

# grpc spreads connection ages by a tenth, and its timers are coarse.
AGE_MARGIN_SECONDS = 1.0
POLL_SECONDS = 0.02

STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)


class Server:
    """One service on one port: everything in the front, put together."""

    def __init__(self, settings: Settings, spawn: Spawn) -> None:
        self._settings = settings
        self._security = security.of(settings)
        self._health = Health()
        self._counters = Counters()
        self._lock = FrontLock(settings.debug)
        self._dispatcher = Dispatcher(settings, self._counters, self._lock)
        self._supervisor = Supervisor(
            settings, spawn, self._dispatcher, self._health, self._counters, self._on_fatal
        )
        self._transport: Transport
        self._port = 0
        self._failure = ""
        self._stop = asyncio.Event()
        self._hurry = asyncio.Event()

    async def run(self) -> int:
        """Serve until a signal or a failed start; returns the exit code."""
        self._transport = await auto.choose(
            self._routes(), self._settings, self._lock, self._security
        )
        self._port = await self._transport.start(self._settings.host, self._settings.port)
        logger.info("listening on %s:%d", self._settings.host, self._port)
        security.tell(self._settings)
        security.watch_files(self._security)
        self._watch_signals()
        self._supervisor.start_worker()
        self._supervisor.on_child_ended()  # it was started before anyone watched for its end
        freeze_gc_heap()  # before the calls come
        await self._stop.wait()
        if self._failure:
            await self._transport.stop(0)
            raise StartError(self._failure)
        await self._drain()
        return 0

    def _routes(self) -> Routes:
        admission = Admission(
            self._settings,
            self._dispatcher,
            self._health,
            self._supervisor.state_epoch.headers,
            self._counters,
        )
        unary: Dict[Operation, UnaryHandler] = dict.fromkeys(operations.FORWARDED, admission.admit)
        unary[operations.HEALTH_CHECK] = _immediate(self._health.check)
        unary[operations.STATUS] = _immediate(self._health.status)
        streams: Dict[Operation, StreamHandler] = {
            operations.REFLECTION_V1: reflection.answer_all,
            operations.REFLECTION_V1ALPHA: reflection.answer_all,
        }
        streams[operations.HEALTH_WATCH] = self._health.watch
        return Routes(unary, streams)

    def _watch_signals(self) -> None:
        loop = asyncio.get_event_loop()
        loop.add_signal_handler(signal.SIGCHLD, self._supervisor.on_child_ended)
        # Not the loop's own handlers: when it closes they give way to the default, which would
        # end a service that has just drained with the signal instead of exit code 0.
        for number in STOP_SIGNALS:
            signal.signal(number, lambda received, frame: loop.call_soon_threadsafe(
                self._on_signal, signal.Signals(received)))  # fmt: skip

    def _on_signal(self, number: signal.Signals) -> None:
        """Begin to drain; a second signal, or Ctrl-C, does not wait for clients to move away.

        Nor is there a client to wait for before the service has served.
        """
        if self._hurry.is_set():
            return
        is_loading = self._health.phase is Phase.LOADING
        if self._stop.is_set() or number == signal.SIGINT or is_loading:
            self._hurry.set()
        logger.info("%s: shutting down", number.name)
        self._health.enter(Phase.DRAINING)
        self._stop.set()

    def _on_fatal(self, reason: str) -> None:
        self._failure = reason
        self._stop.set()

    async def _drain(self) -> None:
        """Lose nothing: see clients off, finish what runs, close the model."""
        await self._until(lambda: False, self._settings.drain_delay_seconds)
        port_sockets.stop_accepting(self._port)
        self._health.end_watches()
        age = self._settings.connection_age_seconds * 1.1 + AGE_MARGIN_SECONDS
        await self._until(lambda: port_sockets.open_connections(self._port) == 0, age)
        until = time.monotonic() + self._settings.drain_timeout_seconds
        while not self._dispatcher.is_idle and time.monotonic() < until:
            await asyncio.sleep(POLL_SECONDS)
        await self._transport.stop(grace_seconds=1.0)
        await self._supervisor.close(max(1.0, until - time.monotonic()))
        logger.info("stopped", extra={"fields": self._counters.nonzero()})

    async def _until(self, condition: Callable[[], bool], seconds: float) -> None:
        """Wait for ``condition``, at most ``seconds``, and not at all in a hurry."""
        until = time.monotonic() + seconds
        while not self._hurry.is_set() and not condition() and time.monotonic() < until:
            await asyncio.sleep(POLL_SECONDS)


def _immediate(answer: Callable[[bytes], Reply]) -> UnaryHandler:
    """Make a handler of a function that answers at once, past the queue."""

    def handle(incoming: Request) -> Callable[[], None]:
        incoming.respond(answer(incoming.payload), ())
        return lambda: None

    return handle


def serve(settings: Settings, spawn: Spawn) -> int:
    """Run a service on a fresh event loop; returns the exit code.

    Raises:
        StartError: the port is taken, or the model cannot be loaded.
    """
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    try:
        return loop.run_until_complete(_serve(settings, spawn))
    finally:
        for number in STOP_SIGNALS:
            signal.signal(number, signal.SIG_IGN)
        loop.close()


async def _serve(settings: Settings, spawn: Spawn) -> int:
    return await Server(settings, spawn).run()
