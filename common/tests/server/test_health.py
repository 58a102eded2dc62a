import pytest
from phases import in_phase

from serving_runtime.server.health import Health, Phase


@pytest.mark.parametrize("phase", Phase)
def test_only_serving_is_ready(phase):
    """Readiness is one phase; the others differ in why not."""
    health = in_phase(phase)
    assert health.phase is phase
    assert health.is_serving is (phase is Phase.SERVING)


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
        health.end_watches()
        assert changes.qsize() == 2
        assert not health.is_watchable


def test_watchers_that_left_get_none(loop):
    """However they left: by an error, say."""
    health = Health()
    with pytest.raises(ValueError, match="a bug"), health.watching() as changes:
        raise ValueError("a bug")
    health.enter(Phase.SERVING)
    assert changes.empty()
    assert health._watchers == set()
