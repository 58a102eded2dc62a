"""Bring calls and free workers together, within deadlines and bounds."""

import math
import time
from typing import Dict, List

from serving_runtime.errors import DeadlineUnreachable, ModelFailed, ServingError
from serving_runtime.server.admission.call import FrontCall
from serving_runtime.server.admission.quarantine import Quarantine
from serving_runtime.server.admission.queue import AdmissionQueue
from serving_runtime.server.admission.wait_estimate import WaitEstimator
from serving_runtime.server.front_lock import FrontLock
from serving_runtime.server.metrics import Counters
from serving_runtime.server.timer import EarliestTimer
from serving_runtime.server.transport import Reply
from serving_runtime.server.workers.link import State, WorkerLink
from serving_runtime.settings import Settings

# Requests beyond this gain nothing from being stacked, which copies them once more.
BATCH_BYTES = 1 << 24
# When so many wait, a free worker need not wait for the turn's end: it runs them meanwhile.
EAGER_CALLS = 32
# A call that was running when this many workers ended is taken for the cause.
MAX_DEATHS = 2


class Dispatcher:
    """Admits calls, hands what waits to whichever worker is free, and retries after a death.

    All of it happens within turns, and at the end of each the free workers get what waits.
    """

    def __init__(self, settings: Settings, counters: Counters, lock: FrontLock) -> None:
        self.lock = lock
        self._settings = settings
        self._counters = counters
        self._waiting = AdmissionQueue(settings.max_queue_calls, settings.max_queue_bytes)
        self._wait_estimator = WaitEstimator()
        # Those that are not answered yet, by number.
        self._calls: Dict[int, FrontCall] = {}
        self._workers: List[WorkerLink] = []
        self._quarantine = Quarantine(settings.poison_ttl_seconds)
        self._deadlines = EarliestTimer(lock, self._expire_late)
        # Rings so that there is a turn, at whose end the delay is over.
        self._delay = EarliestTimer(lock, _nothing)
        lock.on_release(self._pump)

    @property
    def is_idle(self) -> bool:
        """Whether no call waits or runs."""
        return not self._calls

    def submit(self, call: FrontCall) -> None:
        """Queue a call; it is answered at its deadline at the latest.

        Raises:
            LimitExceeded: the queue is full, or too long for the call's deadline.
            ModelFailed: the same request has ended workers before.
        """
        refusal = self._quarantine.refusal(call)
        if refusal is not None:
            raise refusal
        self._shed_if_deadline_unreachable(call)
        self._waiting.add(call)
        self._calls[call.number] = call
        call.when_done(self._forget)
        self._deadlines.set(call.deadline)
        if len(self._waiting) % EAGER_CALLS == 0:
            self._pump()

    def add_worker(self, link: WorkerLink) -> None:
        """Use a worker that has loaded."""
        self._workers.append(link)

    def remove_worker(self, link: WorkerLink, unanswered: List[FrontCall], why: str) -> None:
        """Forget a worker that ended; what it had not answered is tried once more, singly."""
        if link in self._workers:
            self._workers.remove(link)
        for call in reversed(unanswered):
            self._retry(call, why)

    def refuse_all(self, error: ServingError) -> None:
        """Answer everything that waits with ``error``."""
        for call in self._waiting.everything():
            call.fail(error)

    def _pump(self) -> None:
        """Take the replies that are there, and give what waits to the workers that are free.

        Only then are the clients answered, while the workers run.
        """
        for link in self._workers:
            if link.state is State.BUSY:
                link.look()
        free = [link for link in self._workers if link.state is State.FREE]
        while free and self._waiting and not self._is_delayed():
            share = math.ceil(len(self._waiting) / len(free))
            self._send(free.pop(), share)
        if not self._waiting:
            self._wait_estimator.reset()
        for link in self._workers:
            link.answer()

    def _send(self, link: WorkerLink, share: int) -> None:
        most = 1 if link.is_stateful else min(share, self._settings.max_batch_rows)
        room = min(BATCH_BYTES, self._settings.max_message_bytes)
        calls = self._waiting.take(most, room)
        self._wait_estimator.note_batch(time.monotonic(), len(calls))
        link.send(calls)

    def _shed_if_deadline_unreachable(self, call: FrontCall) -> None:
        """Refuse a call that would only wait for its deadline, in the way of those behind it."""
        due = self._wait_estimator.expected_completion(len(self._waiting), len(self._workers))
        if due > call.deadline:
            raise DeadlineUnreachable(
                f"{len(self._waiting)} calls are waiting, which takes longer than this call has "
                "until its deadline; more RUNTIME_WORKERS may answer more"
            )

    def _is_delayed(self) -> bool:
        """Whether to wait for more calls first (RUNTIME_BATCH_DELAY), and see to the waking."""
        delay = self._settings.batch_delay_seconds
        if not delay or len(self._waiting) >= self._settings.max_batch_rows:
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
        call.deaths += 1
        if call.deaths < MAX_DEATHS:
            self._waiting.requeue_front(call)
            self._counters.retries += 1
        else:
            self._quarantine.note(call)
            call.fail(
                ModelFailed(f"{MAX_DEATHS} worker processes ended on this request; the last: {why}")
            )

    def _forget(self, call: FrontCall, outcome: Reply) -> None:
        del self._calls[call.number]
        self._waiting.discard(call)


def _nothing() -> None:
    pass
