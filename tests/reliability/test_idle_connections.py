import argparse

import pytest

from tests.conformance.targets import LISTENERS
from tests.reliability import idle_connections


@pytest.mark.parametrize("listener", LISTENERS)
def test_idle_clients_cost_nobody_else(listener):
    """Every call over a connection from before is answered, and the service ends in order."""
    parser = argparse.ArgumentParser()
    idle_connections.describe(parser)
    words = "--connections 300 --seconds 1 --callers 4 --calls 200 --listener"
    findings = idle_connections.run(parser.parse_args([*words.split(), listener]), print)
    assert findings.counts["calls meanwhile"] >= 200
    assert [goal for goal in findings.goals if not goal.is_met] == []
