import asyncio

import pytest
from phases import in_phase

from hydro_serving_grpc.messages import message_class
from serving_runtime.errors import InvalidInput, Status
from serving_runtime.server.grpc.health_service import SERVICES, HealthService
from serving_runtime.server.health import ALL_BUSY, Health, Phase, Question

Request = message_class("grpc.health.v1.HealthCheckRequest")
Response = message_class("grpc.health.v1.HealthCheckResponse")
StatusResponse = message_class("tensorflow.serving.StatusResponse")

SERVING, NOT_SERVING, SERVICE_UNKNOWN = 1, 2, 3
UNREADABLE = [b"\xff", b"\x0a\x05ab", b"\x0a\x01\xff"]


def ask(service=""):
    """Return the bytes of a request about a service."""
    return Request(service=service).SerializeToString()


def status_of(payload):
    """Return the status in a response."""
    return Response.FromString(payload).status


async def requests(*payloads):
    """Yield the requests of a stream."""
    for payload in payloads:
        yield payload


class Watcher:
    """Collects what a Watch stream sends."""

    def __init__(self, health, *payloads):
        self.statuses = []
        stream = HealthService(health).watch(requests(*payloads))
        self.task = asyncio.ensure_future(self._watch(stream))

    async def _watch(self, stream):
        async for payload in stream:
            self.statuses.append(status_of(payload))


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("phase", Phase)
def test_only_serving_is_healthy(phase, service):
    """Check and Status say the same in every phase, and Status says why in words."""
    health = in_phase(phase)
    is_serving = phase is Phase.SERVING
    answers = HealthService(health)
    reply = answers.check(ask(service))
    assert reply.status == Status.OK
    assert status_of(reply.payload) == (SERVING if is_serving else NOT_SERVING)
    status = StatusResponse.FromString(answers.status(b"").payload)
    assert status.status == (SERVING if is_serving else NOT_SERVING)
    assert status.message == ("ok" if is_serving else phase.value)


@pytest.mark.parametrize("question", [Question.LIVENESS, Question.CONTAINER])
@pytest.mark.parametrize("phase", Phase)
def test_each_question_has_a_name(phase, question):
    """A probe names what it means; readiness has the names above."""
    health = in_phase(phase)
    reply = HealthService(health).check(ask(question.value))
    assert status_of(reply.payload) == (SERVING if health.answer(question) else NOT_SERVING)


def test_stuck_workers_are_told_in_words():
    """Status says why the service is not ready; liveness is another question."""
    health = in_phase(Phase.SERVING)
    health.note_stuck(True)
    answers = HealthService(health)
    assert status_of(answers.check(ask()).payload) == NOT_SERVING
    assert status_of(answers.check(ask("liveness")).payload) == SERVING
    assert StatusResponse.FromString(answers.status(b"").payload).message == ALL_BUSY


def test_status_says_what_the_model_wants():
    """Hydrosphere's runtimes differ in the message beside SERVING."""
    health = in_phase(Phase.SERVING)
    health.status_message = "Loaded and ready to go"
    status = StatusResponse.FromString(HealthService(health).status(b"").payload)
    assert status.message == "Loaded and ready to go"


def test_the_services_are_those_that_call_the_model():
    """And the whole server, by the empty name: as the table of operations has them."""
    assert SERVICES == (
        "",
        "hydrosphere.serving.runtime.PredictionService",
        "inference.GRPCInferenceService",
        "tensorflow.serving.PredictionService",
    )


@pytest.mark.parametrize(
    "service",
    [
        "tensorflow.serving.Predict",
        "grpc.health.v1.Health",
        "grpc.reflection.v1.ServerReflection",
        "readiness",
        "Liveness",
    ],
)
def test_other_services_are_not_found(service):
    """A probe with a misspelt name must not pass; the front's own services have no readiness."""
    reply = HealthService(in_phase(Phase.SERVING)).check(ask(service))
    assert reply.status == Status.NOT_FOUND
    assert f'"{service}"' in reply.details
    assert "tensorflow.serving.PredictionService, liveness, container" in reply.details


@pytest.mark.parametrize("payload", UNREADABLE)
def test_unreadable_check_is_the_clients_fault(payload):
    """Bytes that are no request are INVALID_ARGUMENT, not a broken server."""
    reply = HealthService(Health()).check(payload)
    assert reply.status == Status.INVALID_ARGUMENT
    assert "HealthCheckRequest" in reply.details


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


def test_watch_of_liveness_sees_neither_a_busy_nor_a_draining_service(run, until):
    """It sends what changes for its own question alone."""

    async def scenario():
        health = in_phase(Phase.SERVING)
        watcher = Watcher(health, ask("liveness"))
        await until(lambda: watcher.statuses == [SERVING])
        health.note_stuck(True)
        health.enter(Phase.NO_WORKER)
        health.enter(Phase.LOST)
        await until(lambda: watcher.statuses == [SERVING, NOT_SERVING])
        health.enter(Phase.SERVING)
        await until(lambda: watcher.statuses == [SERVING, NOT_SERVING, SERVING])
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
    """The transport turns it into INVALID_ARGUMENT."""

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
