import numpy as np
import pytest

from tests.conformance.cases.maps import CARD, user
from tests.conformance.setups import naming_over, setups
from tests.support.cases import (
    INTERNAL,
    INVALID,
    OK,
    Outcome,
    answered,
    assert_same,
    comparable,
    tensor,
)
from tests.support.targets import IN_PROCESS, SERVER

CALLERS = 64

AT_ONCE = {"RUNTIME_CONCURRENCY": "4"}
ROWS = setups("rows") + setups("rows", [SERVER], **AT_ONCE)
FEATURES = setups("features") + setups("features", [SERVER], **AT_ONCE)
TOGETHER = setups("rows", targets=[IN_PROCESS])


def longs(*values):
    """Return int64 values."""
    return tensor("int64", values)


def rows(signature, x, **outputs):
    """Return a case of the model ``rows``."""
    return answered(signature, "rows", signature, {"x": x}, **outputs)


def features(seed):
    """Return a case of a few random rows; what must come back is for others to say."""
    random = np.random.RandomState(seed)
    count = 1 + seed % 5
    x, weight = random.standard_normal((count, 3)), random.standard_normal(count)
    sent = {"x": tensor("float32", x), "weight": tensor("float64", weight)}
    return answered("features", "features", "infer", sent)


def call_together(service, cases):
    """Return the outcomes of calls that arrive together, over one wire after another."""
    written = [(_wire(service, number, case), case) for number, case in enumerate(cases)]
    answers = service.answer_calls([wire.write(case) for wire, case in written])
    return [wire.read(answer) for (wire, _), answer in zip(written, answers)]


def call_alone(service, number, case):
    """Return the outcome of one of these calls by itself, over the same wire."""
    wire = _wire(service, number, case)
    [answer] = service.answer_calls([wire.write(case)])
    return wire.read(answer)


def _wire(service, number, case):
    wires = [wire for wire in naming_over(service) if not wire.gap(case)]
    return wires[number % len(wires)]


def bits(outcomes):
    """Return outcomes as what can be compared."""
    return [it._replace(outputs=comparable(it.outputs)) for it in outcomes]


@pytest.mark.parametrize("setup", FEATURES, ids=str)
def test_many_callers_get_the_answers_that_each_gets_alone(serve, setup):
    """Stacked or not, an answer is the same to the last bit and in the request's encoding."""
    service = serve(setup)
    cases = [features(seed) for seed in range(CALLERS)]
    alone = [call_alone(service, number, case) for number, case in enumerate(cases)]
    assert {outcome.status for outcome in alone} == {OK}
    assert bits(call_together(service, cases)) == bits(alone)


@pytest.mark.parametrize("setup", ROWS, ids=str)
def test_a_bad_row_fails_only_its_own_caller(serve, setup):
    """A row that breaks the model, one that it refuses and one of no dtype harm nobody else."""
    sent = [longs(number, number + 100) for number in range(CALLERS)]
    sent[7] = longs(7, -1)
    sent[13] = longs(0, 13)
    sent[20] = tensor("string", ["20"])
    service = serve(setup)
    cases = [rows("double", x) for x in sent]
    outcomes = call_together(service, cases)
    for number, outcome in enumerate(outcomes):
        if number not in (7, 13, 20):
            assert_same(outcome, Outcome({"y": longs(2 * number, 2 * number + 200)}))
    refusals = {7: INVALID, 13: INTERNAL, 20: INVALID}
    for number, status in refusals.items():
        assert outcomes[number].status == status
        assert outcomes[number] == call_alone(service, number, cases[number])
    assert "rows must not be negative" in outcomes[7].text


@pytest.mark.parametrize("setup", ROWS, ids=str)
def test_a_model_that_loses_rows_is_asked_singly(serve, setup):
    """A result that cannot be split among its callers is computed again for each."""
    cases = [rows("total", longs(n, n), sum=longs(2 * n)) for n in range(CALLERS)]
    for case, outcome in zip(cases, call_together(serve(setup), cases)):
        assert_same(outcome, case.outcome)


@pytest.mark.parametrize("setup", TOGETHER, ids=str)
def test_what_arrives_together_is_stacked_up_to_the_limit(serve, setup):
    """Requests that arrive together are one call of at most RUNTIME_MAX_BATCH_SIZE rows."""
    outcomes = call_together(serve(setup), [rows("count", longs(*range(10)))] * 8)
    sizes = [outcome.outputs["rows"].array[0] for outcome in outcomes]
    assert sizes == [60] * 6 + [20] * 2


@pytest.mark.parametrize("setup", setups("rows", RUNTIME_MAX_BATCH_SIZE="1"), ids=str)
def test_stacking_can_be_switched_off(serve, setup):
    """With a batch size of 1 each request is a call of its own."""
    cases = [rows("count", longs(0, 0, 0), rows=longs(3, 3, 3))] * CALLERS
    for outcome in call_together(serve(setup), cases):
        assert_same(outcome, cases[0].outcome)


@pytest.mark.parametrize("setup", setups("maps"), ids=str)
def test_maps_that_arrive_together_are_answered(serve, setup):
    """What cannot be stacked is answered one by one."""
    case = answered("maps", "maps", "greet", user(), card=CARD)
    for outcome in call_together(serve(setup), [case] * CALLERS):
        assert_same(outcome, case.outcome)
