import pytest
from phases import in_phase

from serving_runtime.server.health import ALL_BUSY, Health, Phase, Question


@pytest.mark.parametrize("phase", Phase)
def test_only_serving_is_ready(phase):
    """Readiness is one phase; the others differ in why not."""
    health = in_phase(phase)
    assert health.phase is phase
    assert health.is_serving is (phase is Phase.SERVING)
    assert health.answer(Question.READINESS) is health.is_serving


@pytest.mark.parametrize("phase", Phase)
def test_only_a_service_that_a_restart_may_mend_is_not_alive(phase):
    """Who asks for liveness kills: never what loads, drains, or finds another worker by itself."""
    assert in_phase(phase).answer(Question.LIVENESS) is (phase is not Phase.LOST)


@pytest.mark.parametrize(
    ("steps", "is_healthy"),
    [
        ([], False),
        ([Phase.DRAINING], False),
        ([Phase.SERVING], True),
        ([Phase.SERVING, Phase.NO_WORKER], True),
        ([Phase.SERVING, Phase.NO_WORKER, Phase.LOST], False),
        ([Phase.SERVING, Phase.NO_WORKER, Phase.LOST, Phase.SERVING], True),
        ([Phase.SERVING, Phase.DRAINING], True),
    ],
)
def test_a_container_is_healthy_once_it_was_ready_and_while_it_is_alive(steps, is_healthy):
    """Docker's HEALTHCHECK is asked from the start, and Swarm replaces what is unhealthy."""
    health = Health()
    for phase in steps:
        health.enter(phase)
    assert health.answer(Question.CONTAINER) is is_healthy


def test_a_service_whose_workers_are_stuck_is_alive_and_not_ready():
    """Nothing is to be sent there, and nothing is to be killed; calls that come are queued."""
    health = in_phase(Phase.SERVING)
    health.note_stuck(True)
    answers = [health.answer(question) for question in Question]
    assert answers == [False, True, True]
    assert (health.why_not_ready, health.takes_calls) == (ALL_BUSY, True)
    health.note_stuck(False)
    assert all(map(health.answer, Question))


def test_a_stuck_service_that_drains_still_takes_calls():
    """As any that was serving before."""
    health = in_phase(Phase.SERVING)
    health.note_stuck(True)
    health.enter(Phase.DRAINING)
    assert health.takes_calls
    assert health.why_not_ready == Phase.DRAINING.value


@pytest.mark.parametrize("phase", Phase)
def test_draining_is_final(phase):
    """A worker that comes up during the drain does not make the service ready again."""
    health = in_phase(Phase.DRAINING)
    health.enter(phase)
    assert health.phase is Phase.DRAINING


@pytest.mark.parametrize(
    ("steps", "takes_calls"),
    [
        ([], False),
        ([Phase.SERVING], True),
        ([Phase.SERVING, Phase.DRAINING], True),
        ([Phase.DRAINING], False),
        ([Phase.SERVING, Phase.NO_WORKER], False),
        ([Phase.SERVING, Phase.NO_WORKER, Phase.LOST], False),
        ([Phase.SERVING, Phase.NO_WORKER, Phase.DRAINING], False),
    ],
)
def test_calls_are_taken_where_there_is_a_model(steps, takes_calls):
    """A service that drains answers those who still call, if it was serving before."""
    health = Health()
    for phase in steps:
        health.enter(phase)
    assert health.takes_calls is takes_calls


def test_watchers_get_an_entry_for_each_change(loop):
    """Of the phase, and of whether they may stay; the same phase again is no change."""
    health = Health()
    with health.watching() as changes:
        health.enter(Phase.SERVING)
        health.enter(Phase.SERVING)
        assert changes.qsize() == 1
        health.note_stuck(True)
        health.note_stuck(True)
        assert changes.qsize() == 2
        health.end_watches()
        assert changes.qsize() == 3
        assert not health.is_watchable


def test_watchers_that_left_get_none(loop):
    """However they left: by an error, say."""
    health = Health()
    with pytest.raises(ValueError, match="a bug"), health.watching() as changes:
        raise ValueError("a bug")
    health.enter(Phase.SERVING)
    assert changes.empty()
    assert health._watchers == set()
