import pytest

from experiments.reliability import kills


def test_a_few_kills_cost_no_call():
    """Every goal but the pause's, which a busy machine may miss by itself."""
    findings = kills.EXPERIMENT.try_with("--kills 8 --requests 500 --clients 8")
    assert findings.wrong == []
    assert findings.counts["requests"] >= 500
    assert [goal.measured > 0 for goal in findings.goals if goal.unit == "ms"] == [True]


ANSWERS = [1.0, 1.1, 1.4, 3.0]


@pytest.mark.parametrize(
    ("start", "end", "pause"),
    [(1.0, 1.4, 0.3), (0.5, 1.1, 0.5), (1.2, 1.3, 0.1), (1.0, 3.0, 1.6), (3.0, 4.0, 1.0)],
)
def test_the_longest_pause_counts_from_and_to_the_ends_of_the_time(start, end, pause):
    """A time in which nobody was answered is a pause as long as itself."""
    assert kills.longest_pause(ANSWERS, start, end) == pytest.approx(pause)
