import pytest

from serving_runtime.ipc.frames import Timings
from serving_runtime.protocols.counts import Counts


@pytest.mark.parametrize("count", [0, 1, 1023, 1024, 1025, 3000])
def test_what_was_counted_is_added_up(count):
    """However many calls there were, and however often it is asked for."""
    counts = Counts()
    for _ in range(count):
        counts.answered(Timings(1.0, 2.0, 3.0, 4.0, 5))
        counts.ran(5)
    counts.failed += 2
    totals = counts.totals()
    assert (totals.answered, totals.failed, totals.runs, totals.rows) == (
        count,
        2,
        count,
        5 * count,
    )
    seconds = (totals.decode_seconds, totals.queue_seconds)
    assert (*seconds, totals.model_seconds, totals.encode_seconds) == (
        count,
        2 * count,
        3 * count,
        4 * count,
    )
    assert (totals.last_run > 0) == (count > 0)
    assert counts.totals() == totals
    assert len(counts._waiting) < 1024
