"""What the suite relies on: a wire carries most cases, and sees what is wrong with a reply."""

import pytest

from tests.conformance.cases import CASES
from tests.conformance.setups import WIRES
from tests.support.cases import OK, Outcome, Wrong, assert_same, tensor
from tests.support.services import Answer
from tests.support.wires import open_inference_protobuf, tensorflow_serving
from tests.support.wires.tensorflow_serving import CONTENT, TYPED

Y = tensor("float32", [0.0, 1.5])


def answer(wire, **outputs):
    """Return the answer that has these outputs."""
    reply = wire.reply(outputs)
    if isinstance(reply, Answer):
        return reply
    return Answer(OK, "", tensorflow_serving.canonical(reply))


def test_no_case_is_carried_by_no_wire():
    """What one wire cannot say, another can."""
    left = [case.title for case in CASES if all(wire.gap(case) for wire in WIRES)]
    assert left == []


@pytest.mark.parametrize("wire", WIRES, ids=str)
def test_a_wire_carries_cases_of_every_outcome(wire):
    """A gap is of what a protocol cannot say: most cases are no gap of any wire's."""
    carried = [case for case in CASES if not wire.gap(case)]
    assert len(carried) > len(CASES) / 2
    assert {case.outcome.status for case in carried} == {case.outcome.status for case in CASES}
    every = {it.kind for case in CASES for it in case.outcome.wrong}
    assert {it.kind for case in carried for it in case.outcome.wrong} == every - wire.lacks


@pytest.mark.parametrize("wire", WIRES, ids=str)
def test_a_reply_is_read_as_it_was_written(wire):
    """To the last bit, and the sign of a zero counts."""
    outcome = wire.read(answer(wire, y=Y))
    assert_same(outcome, Outcome({"y": Y}))
    for other in ([-0.0, 1.5], [0.0, 1.25], [[0.0, 1.5]]):
        with pytest.raises(AssertionError):
            assert_same(outcome, Outcome({"y": tensor("float32", other)}))
    with pytest.raises(AssertionError):
        assert_same(outcome, Outcome({"y": tensor("float64", Y.array)}))


@pytest.mark.parametrize("wire", [TYPED, CONTENT], ids=str)
def test_maps_are_read_as_they_were_written(wire):
    """One, several, none, and maps in maps."""
    one = {"y": Y, "deeper": {"y": Y, "none": {}}}
    sent = {"one": one, "several": [one, {}], "none": []}
    assert_same(wire.read(answer(wire, **sent)), Outcome(sent))


def test_a_reply_in_the_other_encoding_is_seen():
    """Hydrosphere's clients read typed fields only."""
    with pytest.raises(AssertionError):
        TYPED.read(answer(CONTENT, y=Y))
    with pytest.raises(AssertionError):
        CONTENT.read(answer(TYPED, y=Y))


def test_open_inference_in_the_other_form_is_seen():
    """Its clients find raw values by position, and typed ones beside their names."""
    typed, raw = open_inference_protobuf.WIRES
    for wire, other in ((typed, raw), (raw, typed)):
        with pytest.raises(AssertionError):
            wire.read(answer(other, y=Y))


def test_what_else_is_in_a_reply_is_seen():
    """A field that nobody asked for, even one that this client does not know."""
    payload = answer(TYPED, y=Y).payload
    for more in (b"\x12\x02\x0a\x00", b"\xf8\x07\x01"):
        with pytest.raises(AssertionError):
            TYPED.read(Answer(OK, "", payload + more))


def test_each_kind_of_problem_is_read_from_its_words():
    """Of each case, all problems, in their order."""
    kind = tensorflow_serving.ProblemKind
    details = (
        'input "x": expected float32[-1, 3], got float32[4]: add a leading axis; input "m.k" is '
        'missing: expected int8[]; input "y" is not in the signature: did you mean "x"?; input '
        '"z": expected int8[...], got int64[2]: 128 does not fit int8 (-128 to 127); input "s": '
        'expected map, got float64[2]; input "w" has 3 rows, but input "x" has 2; input "u": no '
        "values for 1 element of shape []; input size does not match signature: 1!=2"
    )
    assert tensorflow_serving.wrong_in(details) == (
        Wrong(kind.SHAPE, "x"),
        Wrong(kind.MISSING, "m.k"),
        Wrong(kind.UNEXPECTED, "y"),
        Wrong(kind.CAST, "z"),
        Wrong(kind.DTYPE, "s"),
        Wrong(kind.ROWS, "w"),
        Wrong(kind.UNREADABLE, "u"),
    )
