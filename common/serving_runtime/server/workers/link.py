"""The front's view of one worker: what it is sent, what it answers, and how it ends.

The rules:

* What a worker does is a state of `lifecycle.py`; it changes by the events of that table alone. An
  event that the table lacks, as a frame that is none of its worker's, ends the worker.
* Batches are sent, and replies read and delivered, while holding the front lock.
* A worker ends in two ways, which lead to one: its socket closes; or its process ends while a
  child of that still has the socket open, which the supervisor then closes (``close_socket``). From
  then on it counts as ENDED; ``Events.ended`` follows once its process can say how it ended.
"""

import asyncio
import time
from typing import Callable, List, NamedTuple, Sequence, Tuple

from serving_runtime.ipc import frames
from serving_runtime.ipc.frames import GarbledError
from serving_runtime.ipc.shared_payloads import SharedPayloads
from serving_runtime.ipc.stream import joined
from serving_runtime.server.admission.call import FrontCall
from serving_runtime.server.admission.worker import Worker
from serving_runtime.server.front_lock import FrontLock
from serving_runtime.server.transitions import ImpossibleEventError
from serving_runtime.server.transport import Reply
from serving_runtime.server.workers import lifecycle
from serving_runtime.server.workers.calls_in_flight import BatchesInFlight, CallsInFlight
from serving_runtime.server.workers.frame_reader import FrameReader, ModelSummary
from serving_runtime.server.workers.lifecycle import Event, State
from serving_runtime.server.workers.processes import Spawned
from serving_runtime.server.workers.socket import WorkerSocket
from serving_runtime.server.workers.watchdog import Watchdog
from serving_runtime.settings import Settings
from serving_runtime.system import memory

# How long an ended worker's process may take to say how it ended (a core dump, say).
EXIT_STATUS_WAIT_SECONDS = 0.5
EXIT_STATUS_POLL_SECONDS = 0.002


class Events(NamedTuple):
    """What to call when something happens to a worker, while holding the front lock."""

    ready: Callable[["WorkerLink", ModelSummary], None]
    refused: Callable[["WorkerLink"], None]
    reset: Callable[[FrontCall], None]
    ended: Callable[["WorkerLink", List[FrontCall]], None]
    reported: Callable[[bytes], None]


class WorkerLink(Worker):
    """Send batches to a worker and take its replies.

    Args:
        name: what log lines call the worker.
        spawned: our end of the socket pair, and the process.
        settings: how large a reply may be, and how long after a call's deadline the worker may
            give no sign of life.
        lock: of the front.
        events: what to call.

    Attributes:
        refusal: why the worker could not load the model, in its own words.
        in_flight: the calls that it holds.
    """

    def __init__(
        self, name: str, spawned: Spawned, settings: Settings, lock: FrontLock, events: Events
    ) -> None:
        self.name = name
        self.process = spawned.process
        self.has_loaded = False
        self.has_hung = False
        self.is_stateful = False
        self.stacks = True
        self.slots = 1
        self.refusal = ""
        self._state = State.LOADING
        self._why_killed = ""
        self._events = events
        self._lock = lock
        self._loop = asyncio.get_event_loop()
        # When a segment is made, gRPC has just freed two copies of a payload as large.
        self._shared = SharedPayloads(
            max_bytes=settings.max_shared_bytes, make_room=memory.give_back_freed_memory
        )
        self.in_flight = CallsInFlight()
        self._reader = FrameReader(
            settings.max_message_bytes,
            self.in_flight,
            self._shared,
            self._on_loaded,
            self._on_refused,
            events.reported,
        )
        self._watchdog = Watchdog(settings.hang_grace_seconds, self.in_flight, lock, self._on_hang)
        self._socket = WorkerSocket(spawned.connection, lock, self._on_data, self._on_end)

    @property
    def state(self) -> State:
        """What the worker is doing."""
        return self._state

    @property
    def is_free(self) -> bool:
        """Whether it waits for calls."""
        return self._state is State.FREE

    @property
    def free_slots(self) -> int:
        """How many more batches it may be given now."""
        runs = self._state is State.FREE or self._state is State.BUSY
        return self.in_flight.free_slots if runs else 0

    @property
    def running_bytes(self) -> int:
        """How large the requests are that it runs; kept where it may run several batches."""
        return self.in_flight.size_bytes

    @property
    def is_busy(self) -> bool:
        """Whether it holds calls that it has not answered."""
        return self._state is State.BUSY

    @property
    def shared(self) -> Tuple[int, int]:
        """How many segments of memory it is given requests by, and their bytes."""
        return self._shared.offered

    @property
    def has_answered(self) -> bool:
        """Whether it has answered any call."""
        return self.in_flight.has_answered

    @property
    def why_it_ended(self) -> str:
        """How the worker ended, as a phrase that its name can stand before."""
        if self._why_killed:
            return f"was killed: {self._why_killed}"
        return self.process.how_it_ended() or "ended"

    def send(self, calls: Sequence[FrontCall]) -> None:
        """Send the worker ``calls`` to answer together."""
        self._lock.assert_held()
        joins = self._state is State.BUSY and self.in_flight.free_slots
        self._state = lifecycle.follow(self._state, Event.JOINED if joins else Event.SENT)
        self.in_flight.add(calls)
        if self.slots > 1:
            self._watch(calls)
        parts: List[frames.Bytes] = [frames.pack_batch(len(calls))]
        for call in calls:
            place = self._shared.place(call.payload)
            parts.extend(frames.pack_call(call.frame(), place))
        # Control frames first: offered memory is mapped by the time that the replies come.
        self._socket.write(joined([*self._shared.control_frames(), *parts]))
        self._watchdog.begin()

    def close(self) -> None:
        """Ask the worker to close its model and end."""
        with self._lock:
            self._socket.write([frames.pack(frames.CLOSE)])

    def kill(self, reason: str) -> None:
        """End the worker at once; ``reason`` is what ``why_it_ended`` says, if it still ran."""
        if self.process.how_it_ended() is None:
            self._why_killed = self._why_killed or reason
        self.process.kill()

    def close_socket(self) -> None:
        """Treat the worker as ended even if its socket is still open somewhere."""
        self._socket.shut()

    def read_replies(self) -> None:
        """Take the replies that are there already."""
        self._lock.assert_held()
        self._socket.read()

    def deliver_replies(self) -> None:
        """Answer the calls whose replies have been read, before the front lock is released."""
        self._lock.assert_held()
        self.in_flight.deliver(self._events.reset)

    def _on_data(self, data: bytes) -> None:
        try:
            self._reader.read(data)
            if self._state is State.BUSY and not self.in_flight.held:
                self._state = lifecycle.follow(State.BUSY, Event.ANSWERED)
        except (GarbledError, ImpossibleEventError) as error:
            self.kill(f"what came over its socket was not its own ({error})")

    def _on_loaded(self, summary: ModelSummary) -> None:
        self._state = lifecycle.follow(self._state, Event.LOADED)
        self.has_loaded = True
        self.is_stateful, self.stacks = summary.stateful, summary.stacks
        if summary.concurrency > 1:
            self._open_slots(summary.concurrency)
        self._events.ready(self, summary)

    def _open_slots(self, count: int) -> None:
        """Run so many batches at once from now on; none runs yet."""
        self.slots = count
        self.in_flight = BatchesInFlight(count)
        self._reader.in_flight = self._watchdog.in_flight = self.in_flight

    def _watch(self, calls: Sequence[FrontCall]) -> None:
        for call in calls:
            call.when_done(self._cancel_held)

    def _cancel_held(self, call: FrontCall, outcome: Reply) -> None:
        """Spare the worker a call that was answered without it: its deadline passed, say.

        Its slot is free once the worker has answered it nevertheless.
        """
        if self._state is State.BUSY and call.number in self.in_flight.held:
            self._socket.write([frames.pack_cancel(call.number)])

    def _on_refused(self, reason: str) -> None:
        self._state = lifecycle.follow(self._state, Event.REFUSED)
        self.refusal = reason
        self._events.refused(self)

    def _on_hang(self) -> None:
        self.has_hung = True
        self.kill("it stayed busy past a call's deadline")

    def _on_end(self) -> None:
        with self._lock:
            self._state = lifecycle.follow(self._state, Event.CLOSED)
            self._shared.close()
            self._watchdog.end()
        self._settle(time.monotonic() + EXIT_STATUS_WAIT_SECONDS)

    def _settle(self, until: float) -> None:
        """Report the worker's end, once its process is gone and can say how.

        The socket closes a moment before the process can be waited for.
        """
        if self.process.how_it_ended() is None and time.monotonic() < until:
            self._loop.call_later(EXIT_STATUS_POLL_SECONDS, self._settle, until)
            return
        self.kill("it closed its connection")
        with self._lock:
            self._events.ended(self, self.in_flight.give_up())
