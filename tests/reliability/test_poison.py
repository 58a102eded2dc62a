import argparse

from tests.reliability import poison


def test_a_few_poison_requests_harm_nobody_else():
    """Every goal of the published run, with few requests."""
    parser = argparse.ArgumentParser()
    poison.describe(parser)
    arguments = parser.parse_args(["--poison", "6", "--innocent", "100", "--clients", "8"])
    findings = poison.run(arguments, print)
    assert [goal for goal in findings.goals if not goal.is_met] == []
    assert findings.counts["innocent requests"] >= 600
