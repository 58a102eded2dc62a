from experiments.reliability.poison import EXPERIMENT


def test_a_few_poison_requests_harm_nobody_else():
    """Every goal of the published run, with few requests."""
    findings = EXPERIMENT.try_with("--poison 6 --innocent 100 --clients 8")
    assert findings.wrong == []
    assert findings.counts["innocent requests"] >= 600
