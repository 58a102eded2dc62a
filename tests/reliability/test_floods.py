import argparse

from tests.reliability import floods


def test_floods_keep_nobody_from_an_answer():
    """Two kinds, of fewer frames than in the published run."""
    parser = argparse.ArgumentParser()
    floods.describe(parser)
    words = ["--frames", "5000", "--checks", "3", "--kinds", "pings", "resets"]
    findings = floods.run(parser.parse_args(words), print)
    assert list(findings.figures["the front grew by MiB"]) == ["pings", "resets"]
    assert findings.counts["healthy calls"] >= 200
    assert [goal for goal in findings.goals if not goal.is_met] == []
