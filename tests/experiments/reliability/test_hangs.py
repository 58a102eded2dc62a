from experiments.reliability import hangs


def test_a_few_hangs_are_answered_and_leave_nothing():
    """Every goal but the time's, which a busy machine may miss by itself."""
    findings = hangs.EXPERIMENT.try_with("--calls 2 --clients 4")
    assert findings.wrong == [], findings.figures
    assert findings.counts["calls that hung"] == 2 * len(hangs.HANGS)
