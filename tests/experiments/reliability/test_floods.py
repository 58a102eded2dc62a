import pytest

from experiments.reliability.floods import EXPERIMENT


@pytest.mark.nightly
def test_floods_keep_nobody_from_an_answer():
    """Two kinds, of fewer frames than in the published run."""
    findings = EXPERIMENT.try_with("--frames 5000 --checks 3 --kinds pings resets")
    assert list(findings.figures["the front grew by MiB"]) == ["pings", "resets"]
    assert findings.counts["healthy calls"] >= 200
    assert findings.wrong == []
