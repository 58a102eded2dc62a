from collections import Counter

from experiments.reliability import fuzz_rest
from tests.fuzz.rest import Judged


def test_short_run():
    """Nothing goes wrong with some thousand cases."""
    findings = fuzz_rest.EXPERIMENT.try_with("--cases 2000 --seed 5")
    assert findings.missed == [], findings.figures
    assert findings.counts == {"cases": 2000}


def test_what_is_wrong_is_told(monkeypatch):
    """The first of it, and the goal is missed."""
    found = [Judged(Counter(OK=4), []), Judged(Counter(OK=4), ["odd"]), Judged(Counter(), ["new"])]
    monkeypatch.setattr(fuzz_rest.rest, "run", lambda cases, seed: iter(found))
    findings = fuzz_rest.EXPERIMENT.try_with("--cases 8")
    assert [goal.measured for goal in findings.missed] == [2]
    assert findings.figures["wrong"] == ["odd", "new"]
