"""Keep the workers running: start, replace, back off, and end them."""

import asyncio
import time
from typing import Callable, Dict, List

from serving_runtime import logs
from serving_runtime.errors import NotAvailable
from serving_runtime.model_names import ModelNames
from serving_runtime.server.admission.call import FrontCall
from serving_runtime.server.admission.dispatcher import Dispatcher
from serving_runtime.server.health import Health, Phase
from serving_runtime.server.metrics import Counters
from serving_runtime.server.metrics.counters import Served
from serving_runtime.server.workers.crash_loop import CrashLoop
from serving_runtime.server.workers.frame_reader import ModelSummary
from serving_runtime.server.workers.lifecycle import State
from serving_runtime.server.workers.link import Events, WorkerLink
from serving_runtime.server.workers.orphans import adopts_orphans, kill_strays, reap_unknown
from serving_runtime.server.workers.processes import Spawn
from serving_runtime.server.workers.state_epoch import StateEpoch
from serving_runtime.settings import Settings

logger = logs.get_logger(__name__)

# When the system has refused to start the first worker.
REFUSED_START_SECONDS = 0.5
# How long a worker that could not load may take to end, for instance in a thread of the user's.
REFUSED_SECONDS = 1.0
# How long an ended process may leave its socket open (in a child of its own) before it is cut.
STRAY_SOCKET_SECONDS = 0.2
# How long killed workers may take to be gone.
KILLED_SECONDS = 1.0


class Supervisor:
    """Owns the workers of a service.

    The first worker is started alone: if it cannot load the model, there is one message and not
    one from each; and only it knows whether the model is stateful, and thus must stay alone.

    Args:
        on_fatal: called with the reason if the first worker never comes to serve.
    """

    def __init__(
        self,
        settings: Settings,
        spawn: Spawn,
        dispatcher: Dispatcher,
        health: Health,
        counters: Counters,
        on_fatal: Callable[[str], None],
    ) -> None:
        self._settings = settings
        self._spawn = spawn
        self._dispatcher = dispatcher
        self._health = health
        self._counters = counters
        self._on_fatal = on_fatal
        self.state_epoch = StateEpoch(counters)
        self._links: List[WorkerLink] = []
        self._load_timeouts: Dict[WorkerLink, asyncio.TimerHandle] = {}
        self._crash_loop = CrashLoop()
        self._has_served = False
        self._is_closing = False

    @property
    def serving(self) -> List[WorkerLink]:
        """The workers that run calls, or wait for some."""
        return [link for link in self._links if link.is_free or link.is_busy]

    def start_worker(self) -> None:
        """Start one worker; it joins in once it has loaded the model."""
        if self._is_closing:
            return
        self._counters.worker_starts += 1
        events = Events(
            ready=self._on_ready,
            refused=self._on_refused,
            reset=self.state_epoch.reset,
            ended=self._on_ended,
            reported=self._counters.own.report,
        )
        name = f"worker-{self._counters.worker_starts}"
        try:
            spawned = self._spawn(name)
        except OSError as error:  # no descriptor is free, say
            self._on_start_refused(f"{name} could not be started: {error}")
            return
        link = WorkerLink(name, spawned, self._settings, self._dispatcher.lock, events)
        self._links.append(link)
        self._load_timeouts[link] = asyncio.get_event_loop().call_later(
            self._settings.load_timeout_seconds, _end_slow_load, link
        )

    async def close(self, seconds: float) -> None:
        """Have every worker close its model; kill those that take longer than ``seconds``."""
        self._is_closing = True
        processes = [link.process for link in self._links]
        for link in list(self._links):
            if not link.has_loaded:  # it hears nothing until it has
                link.kill("the service was shut down")
                link.close_socket()
            else:
                link.close()
        await _until(lambda: not self._links, seconds)
        for link in self._links:
            link.kill("it did not close in time")
        # A worker closes its socket before it has ended, and only then its children come here.
        await _until(
            lambda: not self._links and all(it.how_it_ended() for it in processes), KILLED_SECONDS
        )
        self.on_child_ended()

    def on_child_ended(self) -> None:
        """See which process ended (SIGCHLD), and take its children and its socket with it."""
        known = {link.process.pid: link for link in self._links}
        for link in known.values():
            if link.process.how_it_ended() is not None:
                link.process.kill()
                asyncio.get_event_loop().call_later(STRAY_SOCKET_SECONDS, link.close_socket)
        # Where the model runs in this process, unknown children are the user's own.
        if self._settings.workers and adopts_orphans():
            reap_unknown(known)
            self._kill_strays()

    def _kill_strays(self) -> None:
        """Kill what ended workers have left behind in sessions of their own."""
        running = [link for link in self._links if not link.process.how_it_ended()]
        kill_strays({link.name for link in running})

    def _on_ready(self, link: WorkerLink, summary: ModelSummary) -> None:
        at_once = f", {link.slots} calls at once" if link.slots > 1 else ""
        logger.info("%s serves %s%s", link.name, ", ".join(summary.signatures), at_once)
        self._load_timeouts.pop(link).cancel()
        self._crash_loop.note_start(has_loaded=True)
        self._dispatcher.add_worker(link)
        self._counters.model.know(summary.signatures)
        self._counters.served = Served(
            summary.framework,
            summary.framework_version,
            summary.contract_format,
            summary.load_seconds,
            summary.warm_up_seconds,
        )
        self._health.status_message = summary.status_message
        self._health.model_names = ModelNames(
            summary.names[0], tuple(summary.names), summary.version
        )
        self._health.enter(Phase.SERVING)
        if not self._has_served:
            self._has_served = True
            self._start_others(summary)
            if summary.stateful:
                self.state_epoch.begin()

    def _start_others(self, summary: ModelSummary) -> None:
        if summary.stateful and self._settings.workers > 1:
            logger.warning(
                "the model is stateful: one worker serves it, not %d", self._settings.workers
            )
        elif not summary.stateful:
            for _ in range(self._settings.workers - 1):
                self._start_after(0.0)

    def _on_refused(self, link: WorkerLink) -> None:
        asyncio.get_event_loop().call_later(REFUSED_SECONDS, link.kill, "it did not end by itself")

    def _on_ended(self, link: WorkerLink, unanswered: List[FrontCall]) -> None:
        self._links.remove(link)
        if link in self._load_timeouts:
            self._load_timeouts.pop(link).cancel()
        if self._is_closing:
            return
        self._counters.worker_deaths[link.why_it_ended] += 1
        if not self._has_served:
            self._on_fatal(_reason(link))
            return
        if link.is_stateful:
            self.state_epoch.lose(link.name)
        self._dispatcher.remove_worker(link, unanswered, link.why_it_ended)
        was_running = bool(unanswered) or link.has_hung
        if self._crash_loop.note_end(link.has_answered, was_running):
            logger.error(
                "%s %s with %d calls unanswered", link.name, link.why_it_ended, len(unanswered)
            )
            self._start_after(0.0)
        else:
            self._after_failure(link)

    def _on_start_refused(self, reason: str) -> None:
        """Try again after the system has refused to start a worker, of which no link has come."""
        if not self._has_served:
            logger.error("%s", reason)
            self._start_after(REFUSED_START_SECONDS)
            return
        self._crash_loop.note_start(has_loaded=False)
        with self._dispatcher.lock:
            self._back_off(reason, is_certain=False)

    def _after_failure(self, link: WorkerLink) -> None:
        """Try again after a worker without progress: at once if it may have been bad luck."""
        if not link.has_loaded:
            self._crash_loop.note_start(has_loaded=False)
        self._back_off(_reason(link), is_certain=bool(link.refusal))

    def _back_off(self, reason: str, is_certain: bool) -> None:
        delay = self._crash_loop.back_off(is_certain)
        logger.error("%s; the next try is in %.1f s", reason, delay)
        self._start_after(delay)
        if delay and not any(other.has_loaded for other in self._links):
            phase = Phase.LOST if self._crash_loop.is_lost else Phase.NO_WORKER
            self._health.enter(phase)
            self._dispatcher.refuse_all(NotAvailable(phase.value))

    def _start_after(self, seconds: float) -> None:
        asyncio.get_event_loop().call_later(seconds, self.start_worker)


async def _until(condition: Callable[[], bool], seconds: float) -> None:
    """Wait for a condition, but not for longer."""
    until = time.monotonic() + seconds
    while not condition() and time.monotonic() < until:
        await asyncio.sleep(0.01)


def _reason(link: WorkerLink) -> str:
    """Return why a worker made no progress."""
    doing = "before it had answered a call" if link.has_loaded else "while it loaded the model"
    return link.refusal or f"{link.name} {link.why_it_ended} {doing}"


def _end_slow_load(link: WorkerLink) -> None:
    if link.state is State.LOADING:
        link.kill("it exceeded RUNTIME_LOAD_TIMEOUT")
