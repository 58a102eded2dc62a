import asyncio
import logging
from types import SimpleNamespace

import pytest

from serving_runtime.operations import PREDICT
from serving_runtime.server.admission.call import FrontCall
from serving_runtime.server.admission.dispatcher import Dispatcher
from serving_runtime.server.front_lock import FrontLock
from serving_runtime.server.health import Health, Phase, Question
from serving_runtime.server.metrics import Counters
from serving_runtime.server.workers import busy_watch
from serving_runtime.server.workers.busy_watch import BusyWatch
from serving_runtime.server.workers.calls_in_flight import CallsInFlight


class Link:
    """A worker of which only what it holds is of interest."""

    def __init__(self, calls=(), since=0.0, slowest=0.0):
        self.in_flight = CallsInFlight()
        self.in_flight.held = {call.number: call for call in calls}
        self.in_flight.last_sign = since
        self.in_flight.slowest_seconds = slowest

    @property
    def is_busy(self):
        """Whether it holds calls."""
        return bool(self.in_flight.held)


class World:
    """A watch over workers that a test names, at the time that it says."""

    def __init__(self, settings):
        self.now, self.serving = 1000.0, []
        self.health, self.counters = Health(), Counters()
        self.dispatcher = Dispatcher(settings, self.counters, FrontLock())
        self.watch = BusyWatch(settings, self.dispatcher, self, self.health, self.counters)
        self.health.enter(Phase.SERVING)

    def look(self, seconds=0.0):
        """Advance the clock, and look."""
        self.now += seconds
        with self.dispatcher.lock:
            self.watch.look()

    def call(self, number):
        """Return a call that has come now, and is not answered yet."""
        call = FrontCall(number, PREDICT, b"", f"id-{number}", self.now + 600.0)
        call.received = self.now
        self.dispatcher._calls[number] = call
        return call


@pytest.fixture
def make(loop, settings, monkeypatch):
    """Return a function that makes a world with some value of the setting; 0 is auto."""

    def make(seconds=0.0):
        world = World(settings(busy_unhealthy_seconds=seconds))
        clock = SimpleNamespace(monotonic=lambda: world.now)
        monkeypatch.setattr(busy_watch, "time", clock)  # the loop has its own
        return world

    return make


def answers(world):
    """Return readiness and liveness."""
    return world.health.answer(Question.READINESS), world.health.answer(Question.LIVENESS)


def test_every_worker_busy_for_too_long_is_not_ready_and_alive(make, caplog):
    """Until one is free again; each time is counted, and logged once."""
    world = make(5.0)
    world.serving = [Link([world.call(1)], world.now), Link([world.call(2)], world.now)]
    with caplog.at_level(logging.INFO):
        world.look(4.0)
        assert answers(world) == (True, True)
        world.look(2.0)
        world.look(2.0)
        assert answers(world) == (False, True)
        world.serving[0].in_flight.held.clear()
        world.look()
    assert answers(world) == (True, True)
    assert world.counters.times_stuck == 1
    assert caplog.text.count("every worker has been busy for more than 5 s") == 1
    assert caplog.text.count("not every worker is busy") == 1


def test_one_worker_that_answers_keeps_the_service_ready(make):
    """Under load it is never free, but it gives signs of life."""
    world = make(5.0)
    hung, working = Link([world.call(1)], world.now), Link([world.call(2)], world.now)
    world.serving = [hung, working]
    world.now += 100.0
    working.in_flight.last_sign = world.now - 1.0
    world.look()
    assert answers(world) == (True, True)


def test_no_worker_is_no_stuck_worker(make):
    """While one is replaced, the phase says what is wrong, if anything is."""
    world = make(5.0)
    world.look(100.0)
    assert answers(world) == (True, True)


@pytest.mark.parametrize(
    ("slowest", "bound"), [(0.0, 60.0), (19.0, 60.0), (30.0, 90.0), (200.0, 600.0)]
)
def test_the_default_follows_the_slowest_calls(make, slowest, bound):
    """Three times as long, and a minute at least, as the setting's reference says."""
    world = make()
    world.serving = [Link([world.call(1)], world.now, slowest)]
    world.look(bound - 1.0)
    assert answers(world) == (True, True)
    world.look(2.0)
    assert answers(world) == (False, True)


def test_the_slowest_calls_are_remembered_after_their_worker(make):
    """A worker that is replaced knows of no calls yet."""
    world = make()
    world.serving = [Link(slowest=100.0)]
    world.look()
    world.serving = [Link([world.call(1)], world.now)]
    world.look(290.0)
    assert answers(world) == (True, True)


def test_calls_that_take_too_long_are_named_once(make, caplog):
    """By their ids, and whether they run or wait: a client without a deadline may wait long."""
    world = make(5.0)
    world.serving = [Link([world.call(1)], world.now), Link()]
    world.call(2)
    world.look(6.0)
    world.call(3)
    world.look(1.0)
    named = [(it.fields["id"], it.fields["state"], it.fields["deadline_in_s"])
             for it in caplog.records if "is not answered" in it.message]  # fmt: skip
    assert named == [("id-1", "running", 594), ("id-2", "waiting", 594)]
    assert world.counters.long_calls == 2


def test_many_calls_that_grow_old_together_are_counted_not_named(make, caplog):
    """All that wait for one that hangs do."""
    world = make(5.0)
    for number in range(1, 101):
        world.call(number)
    world.look(6.0)
    assert world.counters.long_calls == 100
    assert len(caplog.records) == busy_watch.MAX_NAMED + 1
    assert "95 more" in caplog.text


def test_it_looks_again_and_again(make, run, monkeypatch):
    """Every second; here more often."""
    monkeypatch.setattr(busy_watch, "POLL_SECONDS", 0.001)
    world = make(5.0)

    async def scenario():
        world.serving = [Link([world.call(1)], world.now)]
        world.watch.begin()
        world.now += 6.0
        while world.health.is_serving:
            await asyncio.sleep(0.001)

    run(scenario())
    assert world.counters.times_stuck == 1
