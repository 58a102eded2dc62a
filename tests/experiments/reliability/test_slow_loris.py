import pytest

from experiments.reliability.slow_loris import EXPERIMENT
from tests.support.targets import OTHER_NIGHTLY


@pytest.mark.parametrize("transport", OTHER_NIGHTLY)
def test_stalled_streams_cost_nobody_else(transport):
    """Every healthy call is answered, memory stays bounded, and the streams come to an end.

    When they do is for the experiment: a busy machine may be late by itself.
    """
    words = "--streams 300 --connections 3 --callers 4 --calls 500 --checks 5 --transport"
    findings = EXPERIMENT.try_with(f"{words} {transport}")
    assert findings.counts["healthy calls"] >= 500
    assert findings.wrong == []
