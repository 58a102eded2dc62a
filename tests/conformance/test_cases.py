import pytest

from tests.conformance.cases import metadata
from tests.conformance.cases.case import OK
from tests.conformance.setups import installed, runs

RUNS = list(runs())


def canonical(reply):
    """Return a message's bytes, which keep what ``==`` overlooks: NaNs and unknown fields."""
    if isinstance(reply, metadata.Response):
        reply = metadata.without_tensor_names(reply)
    return reply.SerializeToString(deterministic=True)


def test_there_are_cases_for_an_installed_framework():
    """An environment without any framework would run nothing and look fine."""
    assert installed()


@pytest.mark.parametrize(
    ("setup", "case"),
    RUNS,
    ids=[f"{setup}: {case.title}".replace("::", ":") for setup, case in RUNS],
)
def test_case(serve, setup, case):
    """A request gets the reply or the refusal that its case says, whatever serves it."""
    answer = serve(setup).answer(case.request, case.method)
    if case.details.endswith("…"):
        assert answer.details.startswith(case.details[:-1])
        answer = answer._replace(details=case.details)
    assert (answer.status, answer.details) == (case.status, case.details)
    if case.status == OK:
        received = type(case.reply).FromString(answer.payload)
        assert canonical(received) == canonical(case.reply)
