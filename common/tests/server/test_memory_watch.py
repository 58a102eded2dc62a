import logging
from types import SimpleNamespace

import pytest

from serving_runtime.errors import MemoryExhausted, RequestTooLarge, Status
from serving_runtime.server import memory_watch
from serving_runtime.server.admission.dispatcher import Dispatcher
from serving_runtime.server.front_lock import FrontLock
from serving_runtime.server.memory_watch import MemoryWatch
from serving_runtime.server.metrics import Counters
from serving_runtime.system.cgroup_memory import Memory
from serving_runtime.system.memory_budget import MESSAGE, MemoryBudget

MIB = 1 << 20


class FakeTransport:
    """Notes what it is asked to shed."""

    def __init__(self, lock):
        self.asked = []
        self.max_arriving, self.max_message, self.passed_on = None, None, 0
        self._lock = lock

    def shed(self, refusal):
        """Note it, and refuse three calls."""
        self._lock.assert_held()
        self.asked.append(refusal)
        return 3 if refusal else 0

    def bound_messages(self, max_bytes):
        """Note how large a message may be."""
        self._lock.assert_held()
        self.max_message = max_bytes

    def bound_arrivals(self, max_calls):
        """Note how many may arrive at a time."""
        self._lock.assert_held()
        self.max_arriving = max_calls

    def pass_on_arrivals(self):
        """Note that nobody need wait."""
        self._lock.assert_held()
        self.passed_on += 1


class World:
    """A watch over a container whose memory is what a test says."""

    def __init__(self, monkeypatch, settings, limit, is_container, chosen):
        self.memory, self.own = Memory(limit, 100 * MIB, is_container), 30 * MIB
        self.serving, self.counters = [], Counters()
        self.dispatcher = Dispatcher(settings, self.counters, FrontLock())
        self.transport = FakeTransport(self.dispatcher.lock)
        self.watch = MemoryWatch(
            MemoryBudget(self.memory, 1, chosen), self.dispatcher, self, self.counters,
            [self.transport],
        )  # fmt: skip
        monkeypatch.setattr(memory_watch.cgroup_memory, "available", lambda: self.memory)
        monkeypatch.setattr(memory_watch.memory, "own_bytes", lambda: self.own)

    def submit(self, call):
        """Queue a call."""
        with self.dispatcher.lock:
            self.dispatcher.submit(call)


@pytest.fixture
def make(loop, settings, monkeypatch):
    """Return a function that makes a world: a container of 512 MiB, unless a test says else."""

    def make(limit=512 * MIB, is_container=True, **chosen):
        return World(monkeypatch, settings(), limit, is_container, chosen)

    return make


def test_limits_follow_from_what_the_model_has_left(make, make_call, caplog):
    """Once a worker serves; they are in one line of the log, and in what is refused."""
    world = make()
    with caplog.at_level(logging.INFO):
        world.watch.look()
        assert not caplog.records
        world.serving.append("worker-1")
        world.watch.look()
        world.watch.look()
    [line] = [record.message for record in caplog.records]
    assert line.startswith("memory: 512 MiB of the container, 100 MiB in use; RUNTIME_MAX_MESSAGE")
    world.submit(make_call(b"x" * 20 * MIB))
    with pytest.raises(RequestTooLarge, match="RUNTIME_MAX_MESSAGE_BYTES .* the container's mem"):
        world.submit(make_call(b"x" * 60 * MIB))


def test_limits_shrink_as_more_workers_load(make, caplog):
    """Each takes memory; one that is replaced changes nothing, since calls are there by then."""
    world = make()
    with caplog.at_level(logging.INFO):
        for count in (1, 2, 1, 2):
            world.serving = [f"worker-{number}" for number in range(count)]
            world.watch.look()
    assert len(caplog.records) == 2


def test_chosen_limits_that_cannot_fit_are_warned_of(make, make_call, caplog):
    """They hold all the same."""
    world = make(**{MESSAGE: 256 * MIB})
    world.serving.append("worker-1")
    world.watch.look()
    with pytest.raises(RequestTooLarge, match=r"RUNTIME_MAX_MESSAGE_BYTES \(268435456\)$"):
        world.submit(make_call(b"x" * (256 * MIB + 1)))
    [record] = [it for it in caplog.records if it.levelno == logging.WARNING]
    assert "as they are set may take" in record.message


def test_calls_are_shed_while_the_front_is_short_of_memory(make, caplog):
    """From when it has its part until there is room again; the refusal names what to do."""
    world = make()
    world.serving.append("worker-1")
    world.watch.look()
    world.own = 150 * MIB
    world.watch.look()
    assert world.transport.asked == []
    world.own = 400 * MIB
    world.watch.look()
    world.watch.look()
    refusal, again = world.transport.asked
    assert refusal is again
    assert caplog.text.count("memory is short") == 1
    assert isinstance(refusal, MemoryExhausted)
    assert refusal.status is Status.RESOURCE_EXHAUSTED
    assert "RUNTIME_MAX_MESSAGE_BYTES" in str(refusal)
    assert world.counters.memory_refusals == 6
    world.own = 170 * MIB
    world.watch.look()
    assert len(world.transport.asked) == 2
    world.own = 100 * MIB
    world.watch.look()
    assert world.transport.asked[2:] == [None]


def test_a_large_call_is_looked_at_before_it_waits(make, make_call):
    """The loop may have no time to look while many come; small calls cost nothing."""
    world = make()
    world.serving.append("worker-1")
    world.watch.look()
    world.own = 400 * MIB
    world.submit(make_call(b"small"))
    assert world.transport.asked == []
    with pytest.raises(MemoryExhausted):
        world.submit(make_call(b"x" * 2 * MIB))
    assert len(world.transport.asked) == 1
    with world.dispatcher.lock, pytest.raises(MemoryExhausted):
        world.watch.check_room()


def test_one_call_always_fits(make, make_call):
    """What is kept for calls that run is free then: else nobody might ever be answered."""
    world = make()
    world.serving.append("worker-1")
    world.watch.look()
    world.own = 400 * MIB
    world.submit(make_call(b"x" * 2 * MIB))
    assert len(world.transport.asked) == 1
    with pytest.raises(MemoryExhausted):
        world.submit(make_call(b"x" * 2 * MIB))


def test_few_messages_arrive_at_a_time_where_there_is_little_memory(make):
    """As many as there is memory for, if each is as large as may be."""
    world = make()
    world.serving.append("worker-1")
    world.watch.look()
    assert 1 < world.transport.max_arriving < 10
    assert 0 < world.transport.max_message < 1 << 28
    ample = make(is_container=False)
    ample.serving.append("worker-1")
    ample.watch.look()
    assert ample.transport.max_arriving is None


@pytest.mark.parametrize(
    ("own_mib", "is_passed_on"), [(30, True), (35, True), (60, False), (150, False)]
)
def test_nobody_waits_for_what_arrives_slowly(make, monkeypatch, own_mib, is_passed_on):
    """Within a tenth of a second 5 MiB have come, or 30, or what came earlier is still there."""
    now = [1000.0]
    monkeypatch.setattr(memory_watch, "time", SimpleNamespace(monotonic=lambda: now[0]))
    world = make()
    world.serving.append("worker-1")
    world.watch.look()
    before = world.transport.passed_on
    now[0] += 0.06
    world.watch.look()
    assert world.transport.passed_on == before
    now[0] += 0.06
    world.own = own_mib * MIB
    world.watch.look()
    assert (world.transport.passed_on > before) is is_passed_on


def test_limits_of_a_bad_moment_do_not_last(make, make_call):
    """A call had all the memory when a worker joined; then its own worker was replaced."""
    world = make()
    world.serving.append("worker-1")
    world.memory = world.memory._replace(used=511 * MIB)
    world.watch.look()
    world.own += 7 * MIB
    world.watch.look()
    world.submit(make_call(payload=b"x" * 1024))
    assert world.transport.asked == []
    world.serving[:], world.memory = ["worker-2"], world.memory._replace(used=100 * MIB)
    world.watch.look()
    world.own += 50 * MIB
    world.watch.look()
    assert world.transport.asked == []


def test_what_malloc_gives_back_is_not_short(make, monkeypatch):
    """Memory that is free, and kept, is returned first."""
    world = make()
    world.serving.append("worker-1")
    world.watch.look()
    world.own = 400 * MIB
    monkeypatch.setattr(
        memory_watch.memory, "give_back_freed_memory", lambda: setattr(world, "own", 40 * MIB)
    )
    world.watch.look()
    assert world.transport.asked == []


def test_a_machine_of_its_own_sheds_nothing(make):
    """Its memory is shared with others that nobody here knows of."""
    world = make(is_container=False)
    world.serving.append("worker-1")
    world.watch.look()
    world.own = 10**12
    world.watch.look()
    assert world.transport.asked == []


def test_it_looks_until_the_limits_are_known(make, run, until, monkeypatch):
    """And in a container all the time."""
    monkeypatch.setattr(memory_watch, "POLL_SECONDS", 0.001)
    world = make()

    async def scenario():
        world.watch.begin()
        world.serving.append("worker-1")
        world.own = 10**12
        await until(lambda: world.watch._workers == 1)
        world.own = 2 * 10**12
        await until(lambda: world.transport.asked)

    run(scenario())
