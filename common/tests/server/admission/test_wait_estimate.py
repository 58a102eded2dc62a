import pytest

from serving_runtime.server.admission.wait_estimate import MARGIN, WaitEstimator

WAITED_FOR_NOTHING = 0.0


def after(*batches):
    """Return a estimator that has seen batches leave: their times, and how many calls each had."""
    estimator = WaitEstimator()
    for now, calls in batches:
        estimator.note_batch(now, calls)
    return estimator


@pytest.mark.parametrize("batches", [(), [(100.0, 4)]])
def test_nothing_is_expected_before_two_batches_have_left(batches):
    """One batch says nothing of how long the next one takes."""
    assert after(*batches).expected_completion(1000, 1) == WAITED_FOR_NOTHING


def test_nothing_is_expected_once_the_queue_was_empty():
    """The time in which there was nothing to send is not taken for slowness."""
    estimator = after((100.0, 4), (101.0, 4))
    estimator.reset()
    estimator.note_batch(500.0, 4)
    assert estimator.expected_completion(1000, 1) == WAITED_FOR_NOTHING
    estimator.note_batch(500.5, 4)
    assert estimator.expected_completion(0, 1) == 500.5 + MARGIN * 0.5 * 2


@pytest.mark.parametrize(
    ("ahead", "workers", "batches"),
    [(0, 1, 2), (3, 1, 2), (4, 1, 3), (7, 1, 3), (40, 1, 12), (40, 2, 13)],
)
def test_calls_leave_in_batches_and_then_run(ahead, workers, batches):
    """Who comes waits for the batches before its own, and is answered when its own has run."""
    estimator = after((100.0, 4), (102.0, 4))
    assert estimator.expected_completion(ahead, workers) == 102.0 + MARGIN * 2.0 * batches


def test_estimate_follows_what_happens():
    """One slow batch counts for an eighth; a service that has become slow is known as such."""
    times = [100.0, 101.0, 110.0]
    estimator = after(*[(now, 1) for now in times])
    assert estimator.expected_completion(0, 1) == 110.0 + MARGIN * 2 * 2
    for now in range(120, 1000, 10):
        estimator.note_batch(float(now), 1)
    assert estimator.expected_completion(0, 1) == pytest.approx(990 + MARGIN * 10 * 2, rel=1e-3)
