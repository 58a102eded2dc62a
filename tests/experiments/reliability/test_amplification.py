import shlex

import pytest

from experiments.reliability.amplification import EXPERIMENT

MAX_TIMES = 10
FORMS = ["typed values", "tensors in variants", "strings"]


@pytest.fixture(scope="module")
def findings():
    """Send a few forms, and small bombs."""
    forms = shlex.join(FORMS)
    return EXPERIMENT.try_with(f"--bytes 500000 --limit 8388608 --forms {forms}")


def test_growth_is_bounded(findings):
    """A worker, and the front by a gzip bomb, take no more than was promised.

    Of the front by small requests this tells less than by those of the published run.
    """
    of_front = findings.goals[0]
    assert set(findings.missed) <= {of_front}
    assert of_front.measured <= MAX_TIMES


def test_every_form_was_measured(findings):
    """A growth of nothing would mean that nothing was measured."""
    rows = findings.figures["times the wire"]
    assert list(rows) == FORMS[:1] + FORMS[2:] + FORMS[1:2]
    assert all(row["front"] >= 1 and row["worker"] >= 1 for row in rows.values())
    assert all(times >= 1 for times in findings.figures["gzip, times the limit"].values())
