from experiments.reliability.slow_bodies import EXPERIMENT


def test_a_hundred_stalled_bodies_harm_nobody():
    """Every goal but the memory's, which is one of many, and the time's, on a busy machine."""
    findings = EXPERIMENT.try_with("--bodies 100 --callers 4 --calls 400 --checks 5")
    assert [goal for goal in findings.wrong if goal.unit != "KiB"] == []
    assert findings.counts["healthy calls"] >= 400
