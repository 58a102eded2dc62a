import argparse

from experiments.reliability import fuzz_in_process
from experiments.reliability.fuzz_in_process import EXPERIMENT


def test_short_run(tmp_path):
    """Nothing goes wrong with some thousand cases, in two processes."""
    arguments = argparse.Namespace(cases=12_000, seed=3, processes=2, regressions=tmp_path)
    findings = EXPERIMENT.run(arguments, lambda text: None)
    assert findings.counts["cases"] == 12_000
    assert findings.counts["blocks"] == 2
    assert findings.missed == [], findings.figures
    assert not list(tmp_path.iterdir())


def test_defaults_are_the_published_size():
    """The arguments' defaults are what is promised."""
    parser = argparse.ArgumentParser()
    fuzz_in_process.describe(parser)
    assert parser.parse_args([]).cases == 10_000_000
