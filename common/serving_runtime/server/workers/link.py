"""The front's view of one worker: its socket, what it holds, and whether it hangs."""

import asyncio
import collections
import enum
import json
import socket
import time
from typing import Callable, Deque, Dict, List, NamedTuple, Optional, Sequence, Tuple

from serving_runtime.ipc import frames
from serving_runtime.ipc.frames import CallFrame, GarbledError
from serving_runtime.ipc.shared_payloads import SharedPayloads
from serving_runtime.ipc.stream import Splitter, joined
from serving_runtime.server.admission.call import FrontCall
from serving_runtime.server.front_lock import FrontLock
from serving_runtime.server.transport import Reply
from serving_runtime.server.workers.processes import WorkerProcess
from serving_runtime.server.workers.socket import WorkerSocket
from serving_runtime.server.workers.watchdog import Watchdog
from serving_runtime.settings import Settings
from serving_runtime.system import memory

# How long an ended worker's process may take to say how it ended (a core dump, say).
EXIT_STATUS_WAIT_SECONDS = 0.5
EXIT_STATUS_POLL_SECONDS = 0.002
# What a frame may have beside a reply's payload: a line of details, or why a model did not load.
MAX_FRAME_OVERHEAD_BYTES = 1 << 20


class State(enum.Enum):
    """What a worker is doing."""

    LOADING = "loading"
    FREE = "free"
    BUSY = "busy"
    ENDED = "ended"


class ModelSummary(NamedTuple):
    """What a worker tells of its model once it has loaded."""

    signatures: List[str]
    stateful: bool
    status_message: str


class Events(NamedTuple):
    """Whom a link tells what happens to its worker, in the turn in which it happens."""

    ready: Callable[["WorkerLink", ModelSummary], None]
    refused: Callable[["WorkerLink", str], None]
    reset: Callable[[FrontCall], None]
    ended: Callable[["WorkerLink", List[FrontCall]], None]


class WorkerLink:
    """Sends batches to a worker and takes its replies.

    Args:
        name: what log lines call the worker.
        connection: our end of the socket pair.
        settings: how large a reply may be, and how long after a call's deadline the worker may
            give no sign of life.
        turns: of the front; batches are sent, and replies taken, within one.
        events: whom to tell.
    """

    def __init__(
        self,
        name: str,
        connection: socket.socket,
        settings: Settings,
        lock: FrontLock,
        events: Events,
    ) -> None:
        self.name = name
        self.state = State.LOADING
        self.has_loaded = False
        self.has_answered = False
        self.has_hung = False
        self.is_stateful = False
        # Why the worker could not load the model, in its own words.
        self.refusal = ""
        self.process: Optional[WorkerProcess] = None
        self._why_killed = ""
        self._events = events
        self._lock = lock
        self._loop = asyncio.get_event_loop()
        self._splitter = Splitter(settings.max_message_bytes + MAX_FRAME_OVERHEAD_BYTES)
        # When a segment is made, gRPC has just freed two copies of a payload as large.
        self._shared = SharedPayloads(make_room=memory.give_back_freed_memory)
        self._held: Dict[int, FrontCall] = {}
        # Calls that the worker has answered and the client has not been told of, the answers, and
        # whether the model's state was reset before.
        self._replies: Deque[Tuple[FrontCall, Reply, bool]] = collections.deque()
        self._watchdog = Watchdog(settings.hang_grace_seconds, self._held, lock, self._on_hang)
        self._socket = WorkerSocket(connection, lock, self._on_data, self._on_end)

    @property
    def why_it_ended(self) -> str:
        """How the worker ended, as a phrase that its name can stand before."""
        if self._why_killed:
            return f"was killed: {self._why_killed}"
        return (self.process and self.process.how_it_ended()) or "ended"

    def send(self, calls: Sequence[FrontCall]) -> None:
        """Give the worker ``calls`` to answer together."""
        self.state = State.BUSY
        self._held.update((call.number, call) for call in calls)
        parts: List[frames.Bytes] = [frames.pack_batch(len(calls))]
        for call in calls:
            place = self._shared.place(call.payload)
            parts.extend(frames.pack_call(_for_worker(call), place))
        # The notes first: memory that is offered is taken by the time that the replies come.
        self._socket.write(joined([*self._shared.control_frames(), *parts]))
        self._watchdog.begin()

    def close(self) -> None:
        """Ask the worker to close its model and end."""
        with self._lock:
            self._socket.write([frames.pack(frames.CLOSE)])

    def kill(self, reason: str) -> None:
        """End the worker at once; ``reason`` is what is told of it."""
        if self.process is None:
            return
        if self.process.how_it_ended() is None:
            self._why_killed = self._why_killed or reason
        self.process.kill()

    def lose(self) -> None:
        """Treat the worker as ended even if its socket is still open somewhere."""
        self._socket.shut()

    def look(self) -> None:
        """Take the replies that are there already; called in a turn."""
        self._socket.read()

    def answer(self) -> None:
        """Answer the calls whose replies have been taken; called in the same turn.

        It takes longer than the worker should wait for its next calls.
        """
        while self._replies:
            call, outcome, was_reset = self._replies.popleft()
            if was_reset:  # told first: the answer is one of the new state
                self._events.reset(call)
            call.finish(outcome)

    def _on_data(self, data: bytes) -> None:
        try:
            for kind, body in self._splitter.split(data):
                self._on_frame(kind, body)
        except GarbledError as error:
            self.kill(f"what came over its socket was not its own ({error})")

    def _on_end(self) -> None:
        with self._lock:
            self.state = State.ENDED
            self._shared.close()
            self._watchdog.end()
        self._settle(time.monotonic() + EXIT_STATUS_WAIT_SECONDS)

    def _settle(self, until: float) -> None:
        """Tell that the worker ended, once its process is gone and can say how.

        The socket closes a moment before the process can be waited for.
        """
        if self.process and self.process.how_it_ended() is None and time.monotonic() < until:
            self._loop.call_later(EXIT_STATUS_POLL_SECONDS, self._settle, until)
            return
        self.kill("it closed its connection")
        with self._lock:
            unanswered = [call for call in self._held.values() if not call.is_done]
            self._held.clear()
            self._events.ended(self, unanswered)

    def _on_frame(self, kind: int, body: bytes) -> None:
        if kind == frames.REPLY:
            reply = frames.unpack_reply(body)
            self._on_reply(reply, bytes(reply.payload))
        elif kind == frames.PLACED_REPLY:
            reply = frames.unpack_reply(body)
            self._on_reply(reply, self._shared.copy(reply.payload))
        elif kind == frames.READY and not self.has_loaded:
            self.state = State.FREE
            self.has_loaded = True
            self._events.ready(self, _summary(body))
        elif kind == frames.FAILED:
            self._events.refused(self, body.decode("utf-8", "replace"))
        else:
            self._shared.on_control_frame(kind, body)

    def _on_reply(self, reply: frames.ReplyFrame, payload: bytes) -> None:
        call = self._held.pop(reply.id, None)
        if call is None:
            raise GarbledError(f"a reply to call {reply.id}, which it does not hold")
        self._watchdog.note_sign()
        self.has_answered = True
        outcome = Reply(reply.status, reply.details, payload)
        self._replies.append((call, outcome, reply.was_reset))
        if not self._held:
            self.state = State.FREE

    def _on_hang(self) -> None:
        self.has_hung = True
        self.kill("it stayed busy past a call's deadline")


def _summary(body: bytes) -> ModelSummary:
    try:
        return ModelSummary(**json.loads(body.decode()))
    except (TypeError, ValueError) as error:
        raise GarbledError(f"no summary of a model: {error!r}") from None


def _for_worker(call: FrontCall) -> CallFrame:
    return CallFrame(
        call.number,
        call.operation.key,
        call.request_id,
        call.deadline,
        call.payload,
        call.resets_state,
    )
