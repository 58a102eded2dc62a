"""The life of the front: start, serve, shut down gracefully."""

import asyncio
import os
import signal
import time
from typing import Callable, Iterable, List, Tuple

from serving_runtime import logs, security
from serving_runtime.errors import StartError
from serving_runtime.operations import METRICS, ErrorForm
from serving_runtime.server import own_operations, tracing
from serving_runtime.server.admission import call_log
from serving_runtime.server.admission.admission import Admission
from serving_runtime.server.admission.dispatcher import Dispatcher
from serving_runtime.server.admission.streams import StreamForwarder
from serving_runtime.server.front_lock import FrontLock
from serving_runtime.server.grpc import auto, open_inference
from serving_runtime.server.health import Health, Phase
from serving_runtime.server.http import auto as http_auto
from serving_runtime.server.http import statuses
from serving_runtime.server.http.doors import Doors
from serving_runtime.server.memory_watch import MemoryWatch
from serving_runtime.server.metrics import Counters, GrpcCounts, HttpCounts
from serving_runtime.server.metrics.collector import Collector, Gauges
from serving_runtime.server.model_statistics import with_totals
from serving_runtime.server.overview import Overview
from serving_runtime.server.scrape import Scrape
from serving_runtime.server.silence import Silence
from serving_runtime.server.transport import Routes, Transport
from serving_runtime.server.workers.busy_watch import BusyWatch
from serving_runtime.server.workers.processes import Spawn
from serving_runtime.server.workers.supervisor import Supervisor
from serving_runtime.settings import Settings
from serving_runtime.system.memory_budget import MemoryBudget

logger = logs.get_logger(__name__)

POLL_SECONDS = 0.02
STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)


class Server:
    """One service: its transports, its admission queue and its workers, put together."""

    def __init__(self, settings: Settings, spawn: Spawn, budget: MemoryBudget) -> None:
        self._settings = settings
        self._security = security.from_settings(settings)
        self._health = Health()
        self._doors = Doors(self._health)
        self._counters = Counters(settings.metrics_bounds)
        refusals = self._counters.refusals
        self._grpc_counts = GrpcCounts(settings.metrics_bounds, refusals)
        self._http_counts = HttpCounts(settings.metrics_bounds, refusals)
        self._lock = FrontLock(settings.debug)
        self._dispatcher = Dispatcher(settings, self._counters, self._lock)
        self._supervisor = Supervisor(
            settings, spawn, self._dispatcher, self._health, self._counters, self._on_fatal
        )
        self._busy_watch = BusyWatch(
            settings, self._dispatcher, self._supervisor, self._health, self._counters
        )
        self._tracer = tracing.start(os.environ, statuses.status_of)
        self._admission = Admission(
            settings,
            self._dispatcher,
            self._health,
            self._supervisor.state_epoch.headers,
            self._counters,
            None if self._tracer is None else self._tracer.begin,
        )
        failures = {ErrorForm.STREAM_MESSAGE: open_inference.stream_failure}
        self._streams = StreamForwarder(settings, self._lock, self._admission.admit, failures)
        # Those that have started.
        self._transports: List[Transport] = []
        self._memory_watch = MemoryWatch(
            budget, self._dispatcher, self._supervisor, self._counters, self._transports
        )
        self._failure = ""
        self._stop, self._hurry = asyncio.Event(), asyncio.Event()

    async def run(self) -> int:
        """Serve until a signal or a failed start; returns the exit code."""
        await self._start_up()
        await self._stop.wait()
        if self._failure:
            await self._stop_transports(grace_seconds=0)
            raise StartError(self._failure)
        await self._drain()
        return 0

    async def _start_up(self) -> None:
        """Listen, then load: health is answered while the model loads."""
        routes = own_operations.bind(
            self._health, self._doors, self._counted(), self._admission.admit, self._streams.answer
        )
        await self._start_grpc(routes)
        await self._start_http(routes)
        security.log_summary(self._settings)
        call_log.log_summary(self._settings)
        security.watch_files(self._security)
        self._watch_signals()
        self._supervisor.start_worker()
        self._supervisor.on_child_ended()  # it was started before anyone watched for its end
        self._busy_watch.begin()
        self._memory_watch.begin()

    async def _start_grpc(self, routes: Routes) -> None:
        host, port = self._settings.host, self._settings.port
        grpc = await auto.choose(
            routes, self._settings, self._lock, self._security, self._grpc_counts
        )
        port = await grpc.start(host, port, self._settings.grpc_socket)
        self._transports.append(grpc)
        logger.info("listening on %s:%d", host, port)
        if self._settings.grpc_socket:
            logger.info("listening on unix:%s", self._settings.grpc_socket)

    async def _start_http(self, routes: Routes) -> None:
        front = http_auto.Front(self._lock, self._security, self._doors, self._http_counts)
        settings, alone = self._settings, Routes({}, {})
        if settings.metrics_port is not None:
            alone = Routes({METRICS: routes.unary[METRICS]}, {})
            others = {row: answer for row, answer in routes.unary.items() if row != METRICS}
            routes = routes._replace(unary=others)
        for http in (
            await http_auto.start(routes, settings, front),
            await http_auto.start_for_metrics(alone, settings, front),
        ):
            self._transports += [] if http is None else [http]

    def _counted(self) -> own_operations.Counted:
        gauges = self._gauges()
        collector = Collector(self._counters, self._grpc_counts, self._http_counts, gauges)
        return own_operations.Counted(
            Scrape(collector, self._lock).answer,
            Overview(self._counters, gauges).answer,
            with_totals(self._admission.admit, self._counters.model),
        )

    def _gauges(self) -> Gauges:
        """Return what the metrics say of the moment."""
        dispatcher, supervisor = self._dispatcher, self._supervisor
        return Gauges(
            model_name=self._doors.model_name,
            is_ready=lambda: self._health.is_serving,
            load=lambda: dispatcher.load,
            worker_processes=lambda: [link.process.pid for link in supervisor.serving],
            shared=lambda: _sums(link.shared for link in supervisor.serving),
        )

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
        """Shut down gracefully: no call is lost that a client may still have answered.

        The service has not been ready since the signal came. In a hurry, 1 and 4 take no time.
        """
        # 1. Serve as before, until load balancers have noticed that it is not ready.
        await self._until(lambda: False, self._settings.drain_delay_seconds)
        # 2. Refuse new connections: their clients try another server.
        for one in self._transports:
            one.stop_accepting()
        # 3. End the streams that would keep connections open, and ask the clients to go.
        self._streams.refuse_new()
        self._health.end_watches()
        leave_seconds = max(one.announce_close() for one in self._transports)
        # 4. Serve those that are still connected, until they have gone or ask for nothing more.
        silence = Silence(self._dispatcher, self._counters)
        await self._until(
            lambda: not self._open_connections or silence.is_long_enough, leave_seconds
        )
        # 5. Finish the calls that wait or run; none is cut short for a hurry. Of streams that are
        # still open no more is read: only their end makes their clients go elsewhere.
        self._streams.end_all()
        until = time.monotonic() + self._settings.drain_timeout_seconds
        while not self._dispatcher.is_idle and time.monotonic() < until:
            await asyncio.sleep(POLL_SECONDS)
        # 6. Close what is open, and give the last replies a moment to leave.
        await self._stop_transports(grace_seconds=1.0)
        # 7. Close the model, and end its workers.
        await self._supervisor.close(max(1.0, until - time.monotonic()))
        if self._tracer is not None:
            await self._tracer.close()
        logger.info("stopped", extra={"fields": self._counters.nonzero()})

    @property
    def _open_connections(self) -> int:
        return sum(one.open_connections for one in self._transports)

    async def _stop_transports(self, grace_seconds: float) -> None:
        await asyncio.gather(*(one.stop(grace_seconds) for one in self._transports))

    async def _until(self, condition: Callable[[], bool], seconds: float) -> None:
        """Wait for ``condition``, at most ``seconds``, and not at all in a hurry."""
        until = time.monotonic() + seconds
        while not self._hurry.is_set() and not condition() and time.monotonic() < until:
            await asyncio.sleep(POLL_SECONDS)


def _sums(pairs: Iterable[Tuple[int, int]]) -> Tuple[int, int]:
    listed = list(pairs)
    return sum(first for first, _ in listed), sum(second for _, second in listed)


def serve(settings: Settings, spawn: Spawn, budget: MemoryBudget) -> int:
    """Run a service on a fresh event loop; returns the exit code.

    Raises:
        StartError: the port is taken, or the model cannot be loaded.
    """
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    try:
        return loop.run_until_complete(_serve(settings, spawn, budget))
    finally:
        for number in STOP_SIGNALS:
            signal.signal(number, signal.SIG_IGN)
        loop.close()


async def _serve(settings: Settings, spawn: Spawn, budget: MemoryBudget) -> int:
    return await Server(settings, spawn, budget).run()
