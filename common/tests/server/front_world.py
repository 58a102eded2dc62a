"""A front over fake workers in a time of its own, which nothing real can hurry or delay."""

import asyncio
import collections
import sys
import time

import pytest

from serving_runtime.errors import LimitExceeded
from serving_runtime.operations import PREDICT
from serving_runtime.server.admission.call import FrontCall
from serving_runtime.server.admission.dispatcher import Dispatcher
from serving_runtime.server.front_lock import FrontLock
from serving_runtime.server.health import Health
from serving_runtime.server.metrics import Counters
from serving_runtime.server.workers.supervisor import Supervisor

PAYLOAD = "call %6d"
MAX_WAITING = 6
SETTINGS = {
    "hang_grace_seconds": 1.0,
    "load_timeout_seconds": 30.0,
    "max_batch_rows": 4,
    "max_queue_calls": MAX_WAITING,
    "max_queue_bytes": MAX_WAITING * len(PAYLOAD % 0),
    "poison_ttl_seconds": 1e6,
}
# Longer than any deadline, load or back-off of a rule.
LONG_SECONDS = 100.0


class Clock:
    """Stands for ``time`` in all modules of the front; its time passes by ``sleep`` alone."""

    def __init__(self, monkeypatch):
        self._now = 1000.0
        for name, module in list(sys.modules.items()):
            if name.startswith("serving_runtime.server.") and getattr(module, "time", None) is time:
                monkeypatch.setattr(module, "time", self)

    def monotonic(self):
        """Return the time, in seconds."""
        return self._now

    def sleep(self, seconds):
        """Advance the clock."""
        self._now += seconds


class World:
    """A front over fake workers: what the machine's rules act on."""

    def __init__(self, loop, clock, spawner, settings):
        self.loop, self.clock, self.spawner = loop, clock, spawner
        self.lock, self.health, counters = FrontLock(), Health(), Counters()
        self.dispatcher = Dispatcher(settings, counters, self.lock)
        self.supervisor = Supervisor(
            settings, spawner, self.dispatcher, self.health, counters, pytest.fail
        )
        # The calls that were admitted, and the statuses that each was answered with, by number.
        self.calls = {}
        self.outcomes = collections.defaultdict(list)
        self.supervisor.start_worker()
        self.settle()

    def run(self, coroutine):
        """Begin something that may take its time, and let what follows at once happen."""
        task = self.loop.create_task(coroutine)
        self.settle()
        return task

    def close(self):
        """End the workers, those too that do not close by themselves."""
        closing = self.run(self.supervisor.close(1.0))
        while not closing.done():
            self.wait(0.5)
        self.settle()

    def settle(self):
        """Run all that needs no time to pass."""

        async def run_ready_callbacks():
            for _ in range(20):
                await asyncio.sleep(0)

        self.loop.run_until_complete(run_ready_callbacks())

    def wait(self, seconds):
        """Advance the clock, and run all that becomes due."""
        self.clock.sleep(seconds)
        self.settle()

    def living(self, is_loaded):
        """Return the workers that run, and have loaded or not."""
        return [
            worker
            for worker in self.spawner.workers
            if worker.ended is None and worker.transport and worker.is_loaded == is_loaded
        ]

    def admit(self, count, seconds):
        """Submit calls together; return how many were admitted."""
        before = len(self.calls)
        with self.lock:
            for _ in range(count):
                call = self.make_call(len(self.calls) + 1, seconds)
                try:
                    self.dispatcher.submit(call)
                except LimitExceeded:
                    break
                self.calls[call.number] = call
        return len(self.calls) - before

    def make_call(self, number, seconds):
        """Return a call unlike all others, whose outcomes are kept."""
        payload, deadline = (PAYLOAD % number).encode(), self.clock.monotonic() + seconds
        call = FrontCall(number, PREDICT, payload, str(number), deadline)
        call.when_done(lambda call, outcome: self.outcomes[call.number].append(outcome.status))
        return call

    @property
    def open_calls(self):
        """Calls that are not answered yet."""
        return [call for call in self.calls.values() if not call.is_done]

    @property
    def poison(self):
        """Calls that were refused since two workers had ended with them."""
        return [call for call in self.calls.values() if call.deaths == 2]

    def held(self, worker):
        """Return the calls that a worker was given and has not answered."""
        return [call for call in worker.calls if call.id not in worker.answered]


def pick(things, number):
    """Choose one of several."""
    return things[number % len(things)]
