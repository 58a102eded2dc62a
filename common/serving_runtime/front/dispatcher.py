"""Bring calls and free workers together, within deadlines and bounds."""

import asyncio
import math
import time
from typing import Dict, List, Optional

from serving_runtime.errors import ModelFailed, ServingError
from serving_runtime.front.call import FrontCall, Outcome
from serving_runtime.front.counters import Counters
from serving_runtime.front.waiting import WaitingCalls
from serving_runtime.front.worker_link import State, WorkerLink
from serving_runtime.settings import Settings

# A call that was running when this many workers ended is taken for the cause.
MOST_DEATHS = 2


class Dispatcher:
    """Admits calls, hands what waits to whichever worker is free, and retries after a death."""

    def __init__(self, settings: Settings, counters: Counters) -> None:
        self._settings = settings
        self._counters = counters
        self._waiting = WaitingCalls(settings.max_queue_calls, settings.max_queue_bytes)
        self._running: Dict[int, FrontCall] = {}
        self._workers: List[WorkerLink] = []
        self._delayed: Optional[asyncio.TimerHandle] = None

    @property
    def is_idle(self) -> bool:
        """Whether no call waits or runs."""
        return not self._waiting and not self._running

    def submit(self, call: FrontCall) -> None:
        """Queue a call; it is answered at its deadline at the latest.

        Raises:
            LimitExceeded: the queue is full.
        """
        self._waiting.add(call)
        timer = asyncio.get_event_loop().call_later(
            max(0.0, call.deadline - time.monotonic()), call.expire
        )
        call.when_done(lambda call, outcome: timer.cancel())
        call.when_done(self._forget)
        self.pump()

    def add_worker(self, link: WorkerLink) -> None:
        """Use a worker that has loaded."""
        self._workers.append(link)
        self.pump()

    def remove_worker(self, link: WorkerLink, unanswered: List[FrontCall], why: str) -> None:
        """Forget a worker that ended; what it had not answered is tried once more, singly."""
        if link in self._workers:
            self._workers.remove(link)
        for call in reversed(unanswered):
            self._retry(call, why)
        self.pump()

    def refuse_all(self, error: ServingError) -> None:
        """Answer everything that waits with ``error``."""
        for call in self._waiting.everything():
            call.fail(error)

    def pump(self, *_: object) -> None:
        """Give what waits to the workers that are free."""
        free = [link for link in self._workers if link.state is State.FREE]
        while free and self._waiting and not self._is_delayed():
            share = math.ceil(len(self._waiting) / len(free))
            self._send(free.pop(), share)

    def _send(self, link: WorkerLink, share: int) -> None:
        most = 1 if link.is_stateful else min(share, self._settings.max_batch_rows)
        calls = self._waiting.take(most, self._settings.max_message_bytes)
        self._running.update((call.number, call) for call in calls)
        link.send(calls)

    def _is_delayed(self) -> bool:
        """Whether to wait for more calls first (RUNTIME_BATCH_DELAY), and see to the waking."""
        delay = self._settings.batch_delay_seconds
        if not delay or len(self._waiting) >= self._settings.max_batch_rows:
            return False
        left = self._waiting.oldest.received + delay - time.monotonic()
        if left <= 0:
            return False
        if self._delayed is None:
            self._delayed = asyncio.get_event_loop().call_later(left, self._end_delay)
        return True

    def _end_delay(self) -> None:
        self._delayed = None
        self.pump()

    def _retry(self, call: FrontCall, why: str) -> None:
        call.deaths += 1
        if call.deaths < MOST_DEATHS:
            self._running.pop(call.number, None)
            self._waiting.put_back(call)
            self._counters.retries += 1
        else:
            call.fail(
                ModelFailed(
                    f"{MOST_DEATHS} worker processes ended on this request; the last: {why}"
                )
            )

    def _forget(self, call: FrontCall, outcome: Outcome) -> None:
        self._running.pop(call.number, None)
