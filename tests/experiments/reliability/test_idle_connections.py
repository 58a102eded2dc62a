import pytest

from experiments.reliability.idle_connections import EXPERIMENT
from tests.support.targets import OTHER_NIGHTLY


@pytest.mark.parametrize("transport", OTHER_NIGHTLY)
def test_idle_clients_cost_nobody_else(transport):
    """Every call over a connection from before is answered, and the service ends in order."""
    words = "--connections 300 --seconds 1 --callers 4 --calls 200 --transport"
    findings = EXPERIMENT.try_with(f"{words} {transport}")
    assert findings.counts["calls meanwhile"] >= 200
    assert findings.wrong == []
