"""Bring calls and free workers together, within deadlines and bounds."""

import math
import time
from typing import Callable, Dict, Iterable, List, Optional, Tuple

from serving_runtime.errors import DeadlineUnreachable, ModelFailed, ServingError
from serving_runtime.server.admission.call import FrontCall
from serving_runtime.server.admission.quarantine import Quarantine
from serving_runtime.server.admission.queue import AdmissionQueue, Bound
from serving_runtime.server.admission.rooms import Rooms
from serving_runtime.server.admission.wait_estimate import WaitEstimator
from serving_runtime.server.admission.worker import Worker
from serving_runtime.server.front_lock import FrontLock
from serving_runtime.server.metrics import Counters
from serving_runtime.server.metrics.values import Load
from serving_runtime.server.timer import EarliestTimer
from serving_runtime.server.transport import Reply
from serving_runtime.settings import Settings

# Requests beyond this gain nothing from being stacked, which copies them once more.
BATCH_BYTES = 1 << 24
# A call that was running when this many workers ended is taken for the cause.
MAX_DEATHS = 2
# When so many wait, a free worker need not wait for the lock's release: it runs them meanwhile.
EAGER_CALLS = 32

Batches = List[Tuple[Worker, List[FrontCall]]]


class Dispatcher:
    """Admit calls, hand what waits to whichever worker is free, and retry after a death.

    All of it happens while holding the front lock; before each release ``run_ready_work`` does what
    has become ready meanwhile, whatever that was.
    """

    def __init__(self, settings: Settings, counters: Counters, lock: FrontLock) -> None:
        self.lock = lock
        self._settings = settings
        self._counters = counters
        self._waiting = AdmissionQueue(
            settings.max_queue_calls, settings.max_queue_bytes, settings.max_message_bytes
        )
        self._max_batch_bytes = min(BATCH_BYTES, settings.max_message_bytes)
        self._max_call_bytes = settings.max_message_bytes
        self._wait_estimator = WaitEstimator()
        # Those that are not answered yet, by number.
        self._calls: Dict[int, FrontCall] = {}
        self._workers: List[Worker] = []
        # How many batches all of them run at once.
        self._slots = 0
        self._assign_waiting: Callable[[], Batches] = self._assign_to_free
        self._quarantine = Quarantine(settings.poison_ttl_seconds)
        self._deadlines = EarliestTimer(lock, self._expire_late)
        # Fires so that the front lock is held and released once the delay is over.
        self._delay = EarliestTimer(lock, _nothing)
        lock.on_release(self.run_ready_work)

    @property
    def is_idle(self) -> bool:
        """Whether no call waits or runs."""
        return not self._calls

    @property
    def load(self) -> Load:
        """What waits, and what workers have that is not answered."""
        waiting = len(self._waiting)
        return Load(len(self._calls) - waiting, waiting, self._waiting.size_bytes)

    @property
    def unanswered(self) -> Iterable[FrontCall]:
        """The calls that wait or run, the oldest first."""
        return self._calls.values()

    def bound(
        self, all_bytes: Bound, call_bytes: Bound, check_room: Optional[Callable[[], None]]
    ) -> None:
        """Change how many bytes may wait, and how many a call may have; see ``AdmissionQueue``."""
        self.lock.assert_held()
        self._waiting.bound(all_bytes, call_bytes, check_room)
        self._max_batch_bytes = min(BATCH_BYTES, call_bytes.most)
        self._max_call_bytes = call_bytes.most

    def submit(self, call: FrontCall) -> None:
        """Queue a call; it is answered at its deadline at the latest.

        Raises:
            LimitExceeded: the queue is full, or too long for the call's deadline, or the call is
                too large.
            ModelFailed: the same request has ended workers before.
        """
        self.lock.assert_held()
        refusal = self._quarantine.refusal(call)
        if refusal is not None:
            raise refusal
        self._shed_if_deadline_unreachable(call)
        self._waiting.add(call)
        self._calls[call.number] = call
        call.when_done(self._forget)
        self._deadlines.set(call.deadline)
        self._dispatch_early()

    def add_worker(self, worker: Worker) -> None:
        """Use a worker that has loaded."""
        self.lock.assert_held()
        self._workers.append(worker)
        self._count_slots()

    def remove_worker(self, worker: Worker, unanswered: List[FrontCall], why: str) -> None:
        """Forget a worker that ended; what it had not answered is tried once more, singly."""
        self.lock.assert_held()
        if worker in self._workers:
            self._workers.remove(worker)
            self._count_slots()
        for call in reversed(unanswered):
            self._retry(call, why)

    def refuse_all(self, error: ServingError) -> None:
        """Answer everything that waits with ``error``."""
        self.lock.assert_held()
        for call in self._waiting.everything():
            call.fail(error)

    def run_ready_work(self) -> None:
        """Do what is ready, in three steps; the front lock's release calls it.

        The clients are answered last: meanwhile the workers run already.
        """
        self._read_replies()
        self._dispatch_waiting()
        self._deliver_replies()

    def _dispatch_early(self) -> None:
        """Do what is ready before the release, where many calls have come at once."""
        if len(self._waiting) % EAGER_CALLS == 0:
            self.run_ready_work()

    def _read_replies(self) -> None:
        """Take the replies that are there: that is what makes workers free."""
        for worker in self._workers:
            if worker.is_busy:
                worker.read_replies()

    def _dispatch_waiting(self) -> None:
        """Send what waits to the workers that are free."""
        for worker, calls in self._assign_waiting():
            worker.send(calls)

    def _deliver_replies(self) -> None:
        """Answer the clients whose calls' replies have been read."""
        for worker in self._workers:
            worker.deliver_replies()

    def _count_slots(self) -> None:
        """Choose how calls are assigned: most services have workers of one slot each."""
        self._slots = sum(worker.slots for worker in self._workers)
        has_more = self._slots > len(self._workers)
        self._assign_waiting = self._assign_to_slots if has_more else self._assign_to_free

    def _assign_to_free(self) -> Batches:
        """Take from the queue what the free workers get; nothing is sent yet."""
        batches: Batches = []
        free = [worker for worker in self._workers if worker.is_free]
        while free and self._waiting and not self._is_delayed():
            share = math.ceil(len(self._waiting) / len(free))
            worker = free.pop()
            batches.append((worker, self._next_batch(worker, share)))
        if not self._waiting:
            self._wait_estimator.reset()
        return batches

    def _assign_to_slots(self) -> Batches:
        """Do so where workers have several slots; a call that fits into none holds up the others.

        All that a worker runs may be as large as one call, for which there is memory.
        """
        batches: Batches = []
        rooms = Rooms(self._workers, self._max_call_bytes)
        while self._waiting and not self._is_delayed():
            room = rooms.for_call(self._waiting.oldest)
            if room is None:
                break
            worker = room.worker
            calls = self._next_batch(worker, rooms.share(len(self._waiting), worker))
            batches.append((worker, calls))
            rooms.give(room, calls)
        if not self._waiting:
            self._wait_estimator.reset()
        return batches

    def _next_batch(self, worker: Worker, share: int) -> List[FrontCall]:
        max_calls = 1 if worker.is_stateful else min(share, self._settings.max_batch_calls)
        calls = self._waiting.take(max_calls, self._max_batch_bytes)
        self._wait_estimator.note_batch(time.monotonic(), len(calls))
        return calls

    def _shed_if_deadline_unreachable(self, call: FrontCall) -> None:
        """Refuse a call that would only wait for its deadline, in the way of those behind it."""
        due = self._wait_estimator.expected_completion(len(self._waiting), self._slots)
        if due > call.deadline:
            raise DeadlineUnreachable(
                f"{len(self._waiting)} calls are waiting, which takes longer than this call has "
                "until its deadline; more RUNTIME_WORKERS may answer more"
            )

    def _is_delayed(self) -> bool:
        """Whether to wait for more calls first (RUNTIME_BATCH_DELAY), and see to the waking."""
        delay = self._settings.batch_delay_seconds
        if not delay or len(self._waiting) >= self._settings.max_batch_calls:
            return False
        due = self._waiting.oldest.received + delay
        if due <= time.monotonic():
            return False
        self._delay.set(due)
        return True

    def _expire_late(self) -> None:
        now = time.monotonic()
        for call in list(self._calls.values()):
            if call.deadline <= now:
                call.expire()
        if self._calls:
            self._deadlines.set(min(call.deadline for call in self._calls.values()))

    def _retry(self, call: FrontCall, why: str) -> None:
        """Queue a call once more whose worker ended, unless it may not be, or has ended several."""
        call.deaths += 1
        if call.deaths >= MAX_DEATHS:
            self._quarantine.note(call)
            call.fail(
                ModelFailed(f"{MAX_DEATHS} worker processes ended on this request; the last: {why}")
            )
        elif not call.operation.may_retry:
            call.fail(
                ModelFailed(f"the worker process ended on this request, not tried again: {why}")
            )
        else:
            self._waiting.requeue_front(call)
            self._counters.retries += 1

    def _forget(self, call: FrontCall, outcome: Reply) -> None:
        del self._calls[call.number]
        self._waiting.discard(call)


def _nothing() -> None:
    pass
