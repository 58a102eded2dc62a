import argparse

from experiments.reliability import fuzz_on_wire
from experiments.reliability.fuzz_on_wire import EXPERIMENT


def test_short_run(tmp_path, monkeypatch):
    """Nothing goes wrong with some hundred cases, and the golden answers stay as they were."""
    monkeypatch.setattr(fuzz_on_wire, "BLOCK_CASES", 1000)
    arguments = argparse.Namespace(cases=1500, seed=4, regressions=tmp_path)
    findings = EXPERIMENT.run(arguments, lambda text: None)
    assert findings.counts["cases"] == 1500
    assert findings.missed == [], findings.figures
    assert not list(tmp_path.iterdir())


def test_defaults_are_the_published_size():
    """The arguments' defaults are what is promised."""
    parser = argparse.ArgumentParser()
    fuzz_on_wire.describe(parser)
    assert parser.parse_args([]).cases == 1_000_000
