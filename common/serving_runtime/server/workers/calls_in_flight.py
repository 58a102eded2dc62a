"""The calls that a worker holds, and the answers that have come and are not delivered yet."""

import collections
import time
from typing import Callable, Deque, Dict, List, Sequence, Tuple

from serving_runtime.ipc.attributes import PROBLEMS
from serving_runtime.ipc.frames import GarbledError, ReplyFrame
from serving_runtime.server.admission.call import FrontCall
from serving_runtime.server.transport import Reply

# How long a call may hang, past its deadline, as long as others of the worker are answered: those
# have to begin again when it is replaced.
LOST_SLOT_SECONDS = 60.0


class CallsInFlight:
    """Match a worker's replies with the calls that it was given.

    Attributes:
        held: the calls that the worker has not answered, by number.
        size_bytes: of the requests that a worker of several slots runs.
        has_answered: whether the worker has ever answered one.
        last_sign: when it was given calls, or answered one; seconds on the monotonic clock.
        slowest_seconds: the longest that calls have taken, from being given to the last answer, of
            all but those that it was given last.
    """

    size_bytes = 0

    def __init__(self) -> None:
        self.held: Dict[int, FrontCall] = {}
        self.has_answered = False
        self.last_sign = self._given = 0.0
        self.slowest_seconds = 0.0
        # With whether the model's state was reset before.
        self._undelivered: Deque[Tuple[FrontCall, Reply, bool]] = collections.deque()

    @property
    def free_slots(self) -> int:
        """How many more batches may be given to the worker."""
        return 0 if self.held else 1

    @property
    def patience_ends(self) -> float:
        """When the worker is late, on the monotonic clock; it must hold calls."""
        return max(min(call.deadline for call in self.held.values()), self.last_sign)

    def add(self, calls: Sequence[FrontCall]) -> None:
        """Note that the worker is given ``calls``."""
        now = time.monotonic()
        for call in calls:
            call.sent = now
            self.held[call.number] = call
        self.slowest_seconds = max(self.slowest_seconds, self.last_sign - self._given)
        self.last_sign = self._given = now

    def note_reply(self, frame: ReplyFrame, payload: bytes) -> None:
        """Keep the answer to a call until it is delivered.

        Raises:
            GarbledError: it is no answer to a call that the worker holds, or one of several parts,
                which no worker sends yet.
        """
        call = self.held.get(frame.id)
        if call is None or frame.has_more:
            what = "one part of a reply" if call else "a reply"
            raise GarbledError(f"{what} to call {frame.id}, which it does not hold so")
        del self.held[frame.id]
        self.has_answered = True
        self.last_sign = time.monotonic()
        call.timings, call.signature = frame.timings, frame.signature
        attributes = frame.attributes
        if PROBLEMS in attributes:  # which is not for clients
            call.problems = attributes[PROBLEMS]
            attributes = {name: text for name, text in attributes.items() if name != PROBLEMS}
        reply = Reply(frame.status, frame.details, payload, frame.reason, attributes)
        self._undelivered.append((call, reply, frame.was_reset))

    def deliver(self, on_reset: Callable[[FrontCall], None]) -> None:
        """Answer the calls whose replies have come.

        Args:
            on_reset: called before the answer to a call that has reset the model's state: the
                answer is one of the new state.
        """
        while self._undelivered:
            call, reply, was_reset = self._undelivered.popleft()
            if was_reset:
                on_reset(call)
            call.finish(reply)

    def give_up(self) -> List[FrontCall]:
        """Return the calls that the worker will not answer any more, and hold none of them."""
        unanswered = [call for call in self.held.values() if not call.is_done]
        self.held.clear()
        return unanswered


class _Batch:
    """Calls that were given together."""

    __slots__ = ("given", "left", "size_bytes")

    def __init__(self, calls: Sequence[FrontCall], given: float) -> None:
        self.given = given
        # How many of its calls are not answered.
        self.left = len(calls)
        self.size_bytes = sum(len(call.payload) for call in calls)


class BatchesInFlight(CallsInFlight):
    """The same for a worker that runs several batches at once.

    New calls are no sign of life of one that holds others; an answer is. A call that has seen a
    worker end is alone in this one, since those beside it might be the cause of a second end.

    Args:
        slots: how many batches the worker runs at once.

    Attributes:
        size_bytes: of the requests that it runs.
    """

    def __init__(self, slots: int) -> None:
        super().__init__()
        self._slots = slots
        self.size_bytes = 0
        self._running = 0
        self._is_alone = False
        # By the numbers of their calls.
        self._batches: Dict[int, _Batch] = {}

    @property
    def free_slots(self) -> int:
        """How many more batches may be given to the worker."""
        return 0 if self._is_alone else self._slots - self._running

    @property
    def patience_ends(self) -> float:
        """When the worker is late: one call may hang beside others that move, but not for good."""
        soonest = min(call.deadline for call in self.held.values())
        return min(max(soonest, self.last_sign), soonest + LOST_SLOT_SECONDS)

    def add(self, calls: Sequence[FrontCall]) -> None:
        """Note that the worker is given ``calls``, which one slot is for."""
        now = time.monotonic()
        if not self.held:
            self.last_sign = now
        batch = _Batch(calls, now)
        for call in calls:
            call.sent = now
            self.held[call.number] = call
            self._batches[call.number] = batch
        self._running += 1
        self.size_bytes += batch.size_bytes
        self._is_alone = calls[0].deaths > 0

    def note_reply(self, frame: ReplyFrame, payload: bytes) -> None:
        """Keep the answer to a call until it is delivered; the last of a batch frees its slot.

        Raises:
            GarbledError: as the base class says.
        """
        super().note_reply(frame, payload)
        batch = self._batches.pop(frame.id)
        batch.left -= 1
        if batch.left == 0:
            self._running -= 1
            self.size_bytes -= batch.size_bytes
            self._is_alone = False
            self.slowest_seconds = max(self.slowest_seconds, self.last_sign - batch.given)
