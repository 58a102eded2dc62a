import pytest

from serving_runtime.server.admission.wait_estimate import MARGIN, Pace

WAITED_FOR_NOTHING = 0.0


def after(*batches):
    """Return a pace that has seen batches leave: their times, and how many calls each had."""
    pace = Pace()
    for now, calls in batches:
        pace.note_batch(now, calls)
    return pace


@pytest.mark.parametrize("batches", [(), [(100.0, 4)]])
def test_nothing_is_expected_before_two_batches_have_left(batches):
    """One batch says nothing of how long the next one takes."""
    assert after(*batches).answer_due(1000, 1) == WAITED_FOR_NOTHING


def test_nothing_is_expected_once_the_queue_was_empty():
    """The time in which there was nothing to send is not taken for slowness."""
    pace = after((100.0, 4), (101.0, 4))
    pace.forget()
    pace.note_batch(500.0, 4)
    assert pace.answer_due(1000, 1) == WAITED_FOR_NOTHING
    pace.note_batch(500.5, 4)
    assert pace.answer_due(0, 1) == 500.5 + MARGIN * 0.5 * 2


@pytest.mark.parametrize(
    ("ahead", "workers", "batches"),
    [(0, 1, 2), (3, 1, 2), (4, 1, 3), (7, 1, 3), (40, 1, 12), (40, 2, 13)],
)
def test_calls_leave_in_batches_and_then_run(ahead, workers, batches):
    """Who comes waits for the batches before its own, and is answered when its own has run."""
    pace = after((100.0, 4), (102.0, 4))
    assert pace.answer_due(ahead, workers) == 102.0 + MARGIN * 2.0 * batches


def test_pace_follows_what_happens():
    """One slow batch counts for an eighth; a service that has become slow is known as such."""
    times = [100.0, 101.0, 110.0]
    pace = after(*[(now, 1) for now in times])
    assert pace.answer_due(0, 1) == 110.0 + MARGIN * 2 * 2
    for now in range(120, 1000, 10):
        pace.note_batch(float(now), 1)
    assert pace.answer_due(0, 1) == pytest.approx(990 + MARGIN * 10 * 2, rel=1e-3)
