import pytest

from tests.conformance.setups import installed, runs
from tests.support.cases import assert_same
from tests.support.targets import IN_PROCESS

RUNS = list(runs())


def test_there_are_cases_for_an_installed_framework():
    """An environment without any framework would run nothing and look fine."""
    assert installed()


@pytest.mark.parametrize(
    ("setup", "wire", "case"),
    RUNS,
    ids=[f"{setup}: {wire}: {case.title}" for setup, wire, case in RUNS],
)
def test_case(serve, setup, wire, case):
    """A call has the outcome that its case says, whatever serves it and carries it."""
    [answer] = serve(setup).answer_calls([wire.write(case)])
    is_here = setup.target is IN_PROCESS
    assert_same(wire.read(answer), case.outcome if is_here else wire.transported(case.outcome))
