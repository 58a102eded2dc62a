"""Whatever happens to a front, in whatever order, it answers every call exactly once.

The clock is the test's own: time passes when a rule says so, and nothing is waited for.
"""

import asyncio
import collections
import math

import pytest
from front_world import LONG_SECONDS, MAX_WAITING, SETTINGS, Clock, World, pick
from hypothesis import HealthCheck
from hypothesis import settings as example_settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from serving_runtime.errors import ModelFailed, Status
from serving_runtime.ipc import frames
from serving_runtime.server.admission.call import FrontCall
from serving_runtime.server.health import Phase

BY_MODEL = (Status.OK, Status.INVALID_ARGUMENT, Status.INTERNAL, Status.OUT_OF_RANGE)
ALLOWED = {*BY_MODEL, Status.DEADLINE_EXCEEDED, Status.UNAVAILABLE, Status.CANCELLED}
NUMBERS = st.integers(0, 100)


@pytest.fixture
def clock(monkeypatch):
    """Return the clock that the front goes by."""
    return Clock(monkeypatch)


@pytest.fixture
def loop(clock):
    """Yield an event loop that goes by the clock."""
    loop = asyncio.SelectorEventLoop()
    loop.time = clock.monotonic
    asyncio.set_event_loop(loop)
    yield loop
    asyncio.set_event_loop(None)
    loop.close()


class Front(RuleBasedStateMachine):
    """Calls come, are cancelled and expire; workers load, answer, stall and die; the front drains.

    A worker stalls as long as no rule makes it answer.
    """

    def __init__(self, make_world):
        super().__init__()
        self.make_world = make_world

    @initialize(
        workers=st.integers(1, 3), stateful=st.booleans(), slots=st.sampled_from([1, 1, 2, 5])
    )
    def start(self, workers, stateful, slots):
        """Serve, with one worker so far."""
        self.stateful = stateful
        self.summary = {"stateful": stateful, "concurrency": 1 if stateful else slots}
        self.world = self.make_world(workers)
        self.load(0)

    @precondition(lambda self: self.world.health.takes_calls)
    @rule(count=st.integers(1, 5), seconds=st.sampled_from([0.05, 2.0, 60.0]))
    def submit(self, count, seconds):
        """Calls come together; those beyond the queue's bounds are refused."""
        self.world.admit(count, seconds)
        self.world.settle()

    @precondition(lambda self: self.world.living(False))
    @rule(number=NUMBERS)
    def load(self, number):
        """A worker has loaded the model."""
        worker = pick(self.world.living(False), number)
        worker.is_loaded = True
        worker.ready(**self.summary)
        self.world.settle()

    @precondition(lambda self: self.world.living(False))
    @rule(number=NUMBERS, tells=st.booleans())
    def fail_to_load(self, number, tells):
        """A worker cannot load the model, and says so, or dies."""
        worker = pick(self.world.living(False), number)
        if tells:
            worker.tell(frames.FAILED, b"no model")
        else:
            worker.die()
        self.world.settle()

    @precondition(lambda self: any(map(self.world.held, self.world.living(True))))
    @rule(number=NUMBERS, count=st.integers(1, 4), status=st.sampled_from(BY_MODEL))
    def answer(self, number, count, status):
        """A worker answers some of its calls."""
        worker = pick(list(filter(self.world.held, self.world.living(True))), number)
        for call in self.world.held(worker)[:count]:
            worker.answered.add(call.id)
            worker.reply(call, status=status)
        self.world.settle()

    @precondition(lambda self: self.world.living(True))
    @rule(number=NUMBERS, times=st.integers(1, 4))
    def kill(self, number, times):
        """A worker dies, whatever it was doing; maybe those that take its place do so too."""
        for _ in range(times):
            living = self.world.living(True)
            if not living:
                break
            pick(list(filter(self.world.held, living)) or living, number).die()
            self.world.settle()
            if self.world.living(False) and times > 1:
                self.load(0)

    @precondition(lambda self: not self.world.dispatcher.is_idle)
    @rule(number=NUMBERS)
    def cancel(self, number):
        """A client goes away."""
        with self.world.lock:
            pick([call for call in self.world.calls.values() if not call.is_done], number).cancel()
        self.world.settle()

    @precondition(lambda self: self.world.poison)
    @rule(number=NUMBERS)
    def submit_poison(self, number):
        """A request that has ended two workers comes again, and is not given to a third one."""
        again = pick(self.world.poison, number)
        call = FrontCall(again.number, again.operation, again.payload, "again", math.inf)
        with self.world.lock, pytest.raises(ModelFailed):
            self.world.dispatcher.submit(call)
        self.world.settle()

    @rule(seconds=st.sampled_from([0.01, 0.06, 1.0, 3.0, 40.0]))
    def wait(self, seconds):
        """Time passes."""
        self.world.wait(seconds)

    @precondition(lambda self: self.world.health.phase is not Phase.DRAINING)
    @rule()
    def drain(self):
        """The service is told to end, and serves on for a while."""
        self.world.health.enter(Phase.DRAINING)

    @invariant()
    def calls_are_answered_once_and_in_time(self):
        """Never twice, with a status that the design has, and at the deadline at the latest."""
        now = self.world.clock.monotonic()
        for number, call in self.world.calls.items():
            statuses = self.world.outcomes[number]
            assert len(statuses) == call.is_done
            assert ALLOWED.issuperset(statuses)
            assert call.is_done or call.deadline > now
        assert self.world.dispatcher.is_idle == (not self.world.open_calls)

    @invariant()
    def no_call_waits_beside_a_free_worker(self):
        """What is not answered is with a worker, or all of them are busy."""
        living = self.world.living(True)
        held = {call.id for worker in living for call in self.world.held(worker)}
        waiting = {call.number for call in self.world.open_calls} - held
        assert not waiting or not any(map(self.has_room, living))

    def has_room(self, worker):
        """Whether a worker would be given what waits: what has seen one end has it alone."""
        running = self.running(worker)
        begun = [self.world.calls[call.id] for batch in running for call in batch]
        # Also one whose client has gone: it may end this worker as well.
        if any(call.deaths for call in [*begun, *self.world.open_calls]):
            return not running
        return len(running) < self.summary["concurrency"]

    def running(self, worker):
        """Return the batches of which a worker has not answered all."""
        return [batch for batch in worker.batches if {call.id for call in batch} - worker.answered]

    @invariant()
    def calls_burn_two_workers_at_most(self):
        """Whether a call is to blame or not: it is not given to a third one."""
        ended = [worker for worker in self.world.spawner.workers if worker.ended is not None]
        burnt = collections.Counter(call.id for worker in ended for call in self.world.held(worker))
        assert max(burnt.values(), default=0) <= 2

    @invariant()
    def workers_have_as_many_batches_as_slots(self):
        """No call is with two living workers; a stateful model gets its calls one by one."""
        living = self.world.living(True)
        held = [call.id for worker in living for call in self.world.held(worker)]
        assert len(held) == len(set(held))
        assert all(len(self.running(worker)) <= self.summary["concurrency"] for worker in living)
        if self.stateful:
            assert len(living) <= 1
            assert all(len(batch) == 1 for worker in living for batch in worker.batches)

    @invariant()
    def calls_that_have_seen_a_worker_end_are_alone(self):
        """Nothing runs beside what may end the worker once more."""
        for worker in self.world.living(True):
            running = self.running(worker)
            suspects = [batch for batch in running if self.has_suspect(batch)]
            assert not suspects or [len(batch) for batch in running] == [1]

    def has_suspect(self, batch):
        """Whether a call of a batch has seen a worker end."""
        return any(self.world.calls[call.id].deaths for call in batch)

    def teardown(self):
        """However it stands now: all is answered, nothing is left, and the service recovers."""
        if not hasattr(self, "world"):
            return
        try:
            self.world.wait(LONG_SECONDS)
            self.calls_are_answered_once_and_in_time()
            self.fill_the_queue()
            self.recover()
        finally:
            self.world.close()
        assert all(worker.ended for worker in self.world.spawner.workers)

    def fill_the_queue(self):
        """Find room for as many calls as are allowed: of earlier ones none is left."""
        assert self.world.dispatcher.is_idle
        assert self.world.admit(MAX_WAITING + 1, 1.0) == MAX_WAITING
        self.world.wait(LONG_SECONDS)
        self.calls_are_answered_once_and_in_time()

    def recover(self):
        """Have a call answered, if need be by a worker that took the place of those that died."""
        until = self.world.clock.monotonic() + LONG_SECONDS
        while not self.world.living(True):
            assert self.world.clock.monotonic() < until
            self.world.wait(1.0)
            if self.world.living(False):
                self.load(0)
        assert self.world.admit(1, 60.0) == 1
        self.world.settle()
        self.answer(0, 1, Status.OK)
        assert self.world.outcomes[len(self.world.calls)] == [Status.OK]


@pytest.fixture
def make_world(loop, clock, spawner, settings):
    """Return a function that makes a front of so many workers, none of which has loaded yet."""

    class Remembering(type(spawner)):
        def __call__(self, name):
            spawned = super().__call__(name)
            self.workers[-1].is_loaded = False
            self.workers[-1].answered = set()
            return spawned

    return lambda workers: World(loop, clock, Remembering(), settings(workers=workers, **SETTINGS))


@pytest.mark.timeout(600)  # to find the shortest order takes a while
def test_every_call_is_answered_once_in_whatever_order_things_happen(make_world):
    """Hypothesis chooses the order, and finds the shortest one that fails."""
    run_state_machine_as_test(
        lambda: Front(make_world),
        settings=example_settings(
            max_examples=60,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
        ),
    )


@pytest.fixture
def busy_world(make_world):
    """Yield a front whose one worker runs three batches at once, and has been given one call.

    It has a deadline of 2 s, and a worker may be without a sign of life for 1 s after it.
    """
    world = make_world(1)
    [worker] = world.spawner.workers
    worker.is_loaded = True
    worker.ready(concurrency=3)
    world.settle()
    world.admit(1, 2.0)
    world.settle()
    yield world
    world.close()


def test_new_calls_are_no_sign_of_life_of_a_worker_that_runs_several(busy_world):
    """It is given more as long as it has slots; its loop may be blocked all the same."""
    [worker] = busy_world.spawner.workers
    for _ in range(2):
        busy_world.wait(1.4)
        busy_world.admit(1, 60.0)
        busy_world.settle()
    assert len(busy_world.held(worker)) == 3
    assert worker.kills == 0
    busy_world.wait(0.3)
    assert worker.kills == 1


def test_a_call_that_hangs_beside_others_that_move_ends_none_of_them(busy_world):
    """Its slot is lost until nothing of the worker moves; its own caller was answered in time."""
    [worker] = busy_world.spawner.workers
    [stuck] = busy_world.held(worker)
    for _ in range(8):
        busy_world.wait(0.9)
        assert busy_world.admit(1, 60.0) == 1
        busy_world.settle()
        call = worker.calls[-1]
        worker.answered.add(call.id)
        worker.reply(call)
        busy_world.settle()
        assert busy_world.outcomes[call.id] == [Status.OK]
    assert busy_world.outcomes[stuck.id] == [Status.DEADLINE_EXCEEDED]
    assert worker.cancelled == [stuck.id]
    assert worker.kills == 0
    busy_world.wait(1.1)
    assert worker.kills == 1


def test_a_call_that_hangs_for_a_minute_has_its_worker_replaced(busy_world):
    """Whatever moves beside it: slots that are lost would add up."""
    [worker] = busy_world.spawner.workers
    for _ in range(100):
        busy_world.wait(0.7)
        if worker.kills:
            break
        busy_world.admit(1, 60.0)
        busy_world.settle()
        worker.answered.add(worker.calls[-1].id)
        worker.reply(worker.calls[-1])
        busy_world.settle()
    assert worker.kills == 1
    assert 2.0 + 60.0 < busy_world.clock.monotonic() - 1000.0 < 2.0 + 60.0 + 1.0 + 1.0


def test_a_call_that_saw_a_worker_end_is_alone_also_when_its_client_has_gone(busy_world):
    """It may end this worker as well: what comes later waits until it is over."""
    [first] = busy_world.spawner.workers
    first.die()
    busy_world.settle()
    second = busy_world.spawner.workers[-1]
    second.is_loaded = True
    second.ready(concurrency=3)
    busy_world.settle()
    [alone] = busy_world.held(second)
    with busy_world.lock:
        busy_world.calls[alone.id].cancel()
    busy_world.settle()
    busy_world.admit(1, 60.0)
    busy_world.settle()
    assert [call.id for call in busy_world.held(second)] == [alone.id]
    second.answered.add(alone.id)
    second.reply(alone)
    busy_world.settle()
    assert len(busy_world.held(second)) == 1
