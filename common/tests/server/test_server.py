import asyncio
import signal
import time

import pytest

from serving_runtime.errors import NotAvailable, StartError
from serving_runtime.server.health import Phase
from serving_runtime.server.server import Server
from serving_runtime.server.transport import Transport
from serving_runtime.system.cgroup_memory import Memory
from serving_runtime.system.memory_budget import MemoryBudget

FOREVER_SECONDS = 1000.0


class FakeTransport(Transport):
    """Note what is asked of it, in a list that it shares with others."""

    def __init__(self, name, asked, connections=0, leave_seconds=FOREVER_SECONDS):
        self._name = name
        self._asked = asked
        self._leave_seconds = leave_seconds
        self.connections = connections

    async def start(self, host, port, socket_path=""):
        """Note the address."""
        self._asked.append((self._name, "start", host, port))
        return port

    def stop_accepting(self):
        """Note it."""
        self._asked.append((self._name, "stop_accepting"))

    def announce_close(self):
        """Note it, and give the clients their time."""
        self._asked.append((self._name, "announce_close"))
        return self._leave_seconds

    @property
    def open_connections(self):
        """Return how many clients are still there."""
        return self.connections

    async def stop(self, grace_seconds):
        """Note the grace."""
        self._asked.append((self._name, "stop", grace_seconds))


@pytest.fixture
def asked():
    """Return the list of what was asked of transports, in order."""
    return []


@pytest.fixture
def make(loop, settings, spawner):
    """Return a function that makes a server over some transports, as if they had started."""

    def make(*transports, **changes):
        budget = MemoryBudget(Memory(1 << 34, 0, is_container=False), 1, {})
        server = Server(settings(**{"drain_delay_seconds": 0.0, **changes}), spawner, budget)
        server._transports.extend(transports)
        return server

    return make


def test_the_drain_asks_each_transport_in_steps(make, run, asked, until):
    """All refuse strangers before any is stopped, and none is while a client is connected."""
    first, second = FakeTransport("first", asked, 1), FakeTransport("second", asked, 1)
    server = make(first, second)
    announced = [
        ("first", "stop_accepting"),
        ("second", "stop_accepting"),
        ("first", "announce_close"),
        ("second", "announce_close"),
    ]

    async def scenario():
        drain = asyncio.ensure_future(server._drain())
        await until(lambda: len(asked) == 4)
        first.connections = 0
        for _ in range(3):
            await asyncio.sleep(0)
        assert asked == announced
        assert not server._health.is_watchable
        second.connections = 0
        await drain

    run(scenario())
    assert sorted(asked[4:]) == [("first", "stop", 1.0), ("second", "stop", 1.0)]


def test_clients_that_stay_are_waited_for_as_long_as_any_transport_says(make, run, asked):
    """Each says by when its clients have gone; the longest counts."""
    transports = [
        FakeTransport("short", asked, 1, leave_seconds=0.0),
        FakeTransport("long", asked, 1, leave_seconds=0.2),
    ]
    began = time.monotonic()
    run(make(*transports)._drain())
    assert time.monotonic() - began >= 0.2
    assert ("long", "stop", 1.0) in asked


def test_streams_end_after_the_clients_have_had_their_time(make, run, asked, until):
    """New ones are refused once the clients are asked to go; of open ones no more is read then."""
    only = FakeTransport("only", asked, 1)
    server = make(only)
    seen = []
    server._streams.end_all = lambda: seen.append((only.connections, len(asked)))

    async def scenario():
        drain = asyncio.ensure_future(server._drain())
        await until(lambda: len(asked) == 2)
        with pytest.raises(NotAvailable, match="shutting down"):
            await server._streams.answer(None).__anext__()
        assert seen == []
        only.connections = 0
        await drain

    run(scenario())
    assert seen == [(0, 2)]


def test_a_hurry_waits_for_no_client(make, run, asked):
    """Neither for load balancers nor for those that are connected."""
    server = make(FakeTransport("only", asked, 1), drain_delay_seconds=FOREVER_SECONDS)
    server._health.enter(Phase.SERVING)
    server._on_signal(signal.SIGTERM)
    server._on_signal(signal.SIGTERM)
    run(server._drain())
    assert [step for _, step, *_ in asked] == ["stop_accepting", "announce_close", "stop"]


def test_a_hurry_waits_for_the_calls(make, run, asked, make_call, until):
    """What was admitted is answered before the transports close."""
    server, call = make(FakeTransport("only", asked)), make_call()
    server._on_signal(signal.SIGINT)

    async def scenario():
        with server._lock:
            server._dispatcher.submit(call)
        drain = asyncio.ensure_future(server._drain())
        await until(lambda: len(asked) == 2)
        for _ in range(3):
            await asyncio.sleep(0)
        assert ("only", "stop", 1.0) not in asked
        with server._lock:
            call.cancel()
        await drain

    run(scenario())
    assert asked[-1] == ("only", "stop", 1.0)


def test_a_model_that_cannot_be_loaded_stops_the_transports_at_once(make, run, asked):
    """There is nobody to say goodbye to, and the reason is the start's error."""
    server = make()

    async def start_up():
        server._transports.append(FakeTransport("only", asked))
        server._on_fatal("there is no model")

    server._start_up = start_up
    with pytest.raises(StartError, match="there is no model"):
        run(server.run())
    assert asked == [("only", "stop", 0)]
