import argparse

import pytest

from experiments.reliability import calling, hangs, kills, poison
from experiments.reliability.registry import EXPERIMENTS


@pytest.mark.parametrize(
    ("module", "words"),
    [
        (kills, "--kills 4 --requests 200 --clients 4"),
        (poison, "--poison 3 --innocent 50 --clients 4"),
        (hangs, "--calls 1 --clients 2"),
    ],
)
def test_over_http_the_same_holds(module, words):
    """Every goal but the times', which a busy machine may miss by itself."""
    findings = calling.over_http(module.EXPERIMENT).try_with(words)
    assert findings.wrong == [], findings.figures


def test_results_are_of_one_protocol():
    """Each has a verb, and results, of its own."""
    names = [it.name for it in EXPERIMENTS]
    assert len({*names}) == len(names)
    for experiment in EXPERIMENTS:
        parser = argparse.ArgumentParser()
        experiment.describe(parser)
        protocol = getattr(parser.parse_args([]), "protocol", None)
        assert (protocol == calling.HTTP) == experiment.name.endswith("-http")
