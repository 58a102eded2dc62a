import asyncio

import pytest

from hydro_serving_grpc.messages import message_class
from serving_runtime.errors import InvalidInput, Status
from serving_runtime.server.health import SERVICES, Health, Phase

Request = message_class("grpc.health.v1.HealthCheckRequest")
Response = message_class("grpc.health.v1.HealthCheckResponse")
StatusResponse = message_class("tensorflow.serving.StatusResponse")

SERVING, NOT_SERVING, SERVICE_UNKNOWN = 1, 2, 3
UNREADABLE = [b"\xff", b"\x0a\x05ab", b"\x0a\x01\xff"]

PATHS = {
    Phase.LOADING: [],
    Phase.SERVING: [Phase.SERVING],
    Phase.NO_WORKER: [Phase.SERVING, Phase.NO_WORKER],
    Phase.DRAINING: [Phase.SERVING, Phase.DRAINING],
}


def in_phase(phase):
    """Return the health of a service that has come to a phase."""
    health = Health()
    for step in PATHS[phase]:
        health.enter(step)
    return health


def ask(service=""):
    """Return the bytes of a request about a service."""
    return Request(service=service).SerializeToString()


def told(payload):
    """Return the status in a response."""
    return Response.FromString(payload).status


async def requests(*payloads):
    """Give the requests of a stream."""
    for payload in payloads:
        yield payload


class Watcher:
    """Collects what a Watch stream sends."""

    def __init__(self, health, *payloads):
        self.statuses = []
        self.task = asyncio.ensure_future(self._watch(health.watch(requests(*payloads))))

    async def _watch(self, stream):
        async for payload in stream:
            self.statuses.append(told(payload))


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("phase", Phase)
def test_only_serving_is_healthy(phase, service):
    """Check and Status say the same in every phase, and Status says why in words."""
    health = in_phase(phase)
    is_serving = phase is Phase.SERVING
    assert health.phase is phase
    assert health.is_serving is is_serving
    outcome = health.check(ask(service))
    assert outcome.status == Status.OK
    assert told(outcome.payload) == (SERVING if is_serving else NOT_SERVING)
    status = StatusResponse.FromString(health.status(b"").payload)
    assert status.status == (SERVING if is_serving else NOT_SERVING)
    assert status.message == ("ok" if is_serving else phase.value)


def test_status_says_what_the_model_wants():
    """Hydrosphere's runtimes differ in the message beside SERVING."""
    health = in_phase(Phase.SERVING)
    health.status_message = "Loaded and ready to go"
    assert StatusResponse.FromString(health.status(b"").payload).message.startswith("Loaded")


def test_unknown_service_is_not_found():
    """A probe with a misspelt name must not pass."""
    outcome = in_phase(Phase.SERVING).check(ask("tensorflow.serving.Predict"))
    assert outcome.status == Status.NOT_FOUND
    assert '"tensorflow.serving.Predict"' in outcome.details


@pytest.mark.parametrize("payload", UNREADABLE)
def test_unreadable_check_is_the_clients_fault(payload):
    """Bytes that are no request are INVALID_ARGUMENT, not a broken server."""
    outcome = Health().check(payload)
    assert outcome.status == Status.INVALID_ARGUMENT
    assert "HealthCheckRequest" in outcome.details


@pytest.mark.parametrize("phase", Phase)
def test_draining_is_final(phase):
    """A worker that comes up during the drain does not make the service healthy again."""
    health = in_phase(Phase.DRAINING)
    health.enter(phase)
    assert health.phase is Phase.DRAINING


def test_watch_sends_the_status_and_each_change(run, until):
    """The first message comes at once; a new phase with the same status is no change."""

    async def scenario():
        health = Health()
        watcher = Watcher(health, ask())
        await until(lambda: watcher.statuses == [NOT_SERVING])
        health.enter(Phase.SERVING)
        await until(lambda: watcher.statuses == [NOT_SERVING, SERVING])
        health.enter(Phase.SERVING)
        health.enter(Phase.NO_WORKER)
        await until(lambda: watcher.statuses == [NOT_SERVING, SERVING, NOT_SERVING])
        health.enter(Phase.DRAINING)
        for _ in range(5):
            await asyncio.sleep(0)
        assert watcher.statuses == [NOT_SERVING, SERVING, NOT_SERVING]
        watcher.task.cancel()

    run(scenario())


def test_watch_of_an_unknown_service_waits(run, until):
    """The protocol wants SERVICE_UNKNOWN and an open stream, not an error."""

    async def scenario():
        health = Health()
        watcher = Watcher(health, ask("nobody"))
        await until(lambda: watcher.statuses == [SERVICE_UNKNOWN])
        health.enter(Phase.SERVING)
        for _ in range(5):
            await asyncio.sleep(0)
        assert watcher.statuses == [SERVICE_UNKNOWN]
        assert not watcher.task.done()
        watcher.task.cancel()

    run(scenario())


@pytest.mark.parametrize("payload", UNREADABLE)
def test_unreadable_watch_is_the_clients_fault(run, payload):
    """The listener turns it into INVALID_ARGUMENT."""

    async def scenario():
        with pytest.raises(InvalidInput, match="HealthCheckRequest"):
            await Watcher(Health(), payload).task

    run(scenario())


def test_watch_without_a_request_ends(run):
    """A client may close its stream without having asked."""

    async def scenario():
        watcher = Watcher(Health())
        await watcher.task
        assert watcher.statuses == []

    run(scenario())


def test_watchers_that_left_are_forgotten(run, until):
    """A probe that watches and goes away, again and again, must not fill the memory."""

    async def scenario():
        health = Health()
        watchers = [Watcher(health, ask()) for _ in range(3)]
        await until(lambda: len(health._watchers) == 3)
        for watcher in watchers:
            watcher.task.cancel()
        await until(lambda: not health._watchers)
        health.enter(Phase.SERVING)

    run(scenario())


def test_watches_end_when_the_drain_asks(run, until):
    """An open stream would keep its connection, and with it the drain, until the timeout."""

    async def scenario():
        health = in_phase(Phase.DRAINING)
        watchers = [Watcher(health, ask()), Watcher(health, ask("nobody"))]
        await until(lambda: len(health._watchers) == 2)
        health.end_watches()
        await asyncio.gather(*(watcher.task for watcher in watchers))
        assert [watcher.statuses for watcher in watchers] == [[NOT_SERVING], [SERVICE_UNKNOWN]]

    run(scenario())
