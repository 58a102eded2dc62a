import argparse

import pytest

from tests.conformance.targets import LISTENERS
from tests.reliability import slow_loris


@pytest.mark.parametrize("listener", LISTENERS)
def test_stalled_streams_cost_nobody_else(listener):
    """Every healthy call is answered, memory stays bounded, and the streams come to an end."""
    parser = argparse.ArgumentParser()
    slow_loris.describe(parser)
    words = "--streams 300 --connections 3 --callers 4 --calls 500 --checks 5 --listener"
    findings = slow_loris.run(parser.parse_args([*words.split(), listener]), print)
    assert findings.counts["healthy calls"] >= 500
    assert [goal for goal in findings.goals if not goal.is_met] == []
