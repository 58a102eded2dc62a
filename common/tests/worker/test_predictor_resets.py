import pytest

from serving_runtime.errors import InvalidInput, Status


@pytest.fixture
def counting(model):
    """Make the model a stateful one: it adds up all sums so far, and can forget them."""
    seen = []

    def behave(x):
        seen.append(float(x.sum()))
        if seen[-1] < 0:
            raise ValueError("negative")
        return {"sum": [sum(seen)] * len(x), "name": ["n"] * len(x)}

    model.stateful = True
    model.behaviour = behave
    model.reset = seen.clear
    return model


def resetting(call):
    """Return a call whose client asks for a fresh state."""
    return call._replace(resets_state=True)


def answer_one(predictor, call):
    """Return the one reply to a call."""
    [reply] = predictor.answer([call])
    return reply


def test_reset_comes_just_before_its_call(predictor, make_call, counting, outputs):
    """Calls before it see the old state, it and those after it the new one; the reply says so."""
    calls = [make_call(), make_call(), resetting(make_call()), make_call()]
    replies = list(predictor().answer(calls))
    assert [outputs(reply)["sum"] for reply in replies] == [[3], [6], [3], [6]]
    assert [reply.was_reset for reply in replies] == [False, False, True, False]


@pytest.mark.parametrize(
    ("details", "status"),
    [
        ({"values": [[1, 2, 3]]}, Status.INVALID_ARGUMENT),
        ({"payload": b"\xff\xff"}, Status.INVALID_ARGUMENT),
        ({"seconds": -1.0}, Status.DEADLINE_EXCEEDED),
    ],
)
def test_call_that_is_not_run_does_not_reset(
    predictor, make_call, counting, outputs, details, status
):
    """A mistake in one request must not cost every client the state."""
    answering = predictor()
    answer_one(answering, make_call())
    reply = answer_one(answering, resetting(make_call(**details)))
    assert (reply.status, reply.was_reset) == (status, False)
    assert outputs(answer_one(answering, make_call()))["sum"] == [6]


def test_reset_is_told_though_the_call_fails(predictor, make_call, counting, outputs):
    """The old state is gone all the same: nobody may take the new one for it."""
    answering = predictor()
    answer_one(answering, make_call())
    reply = answer_one(answering, resetting(make_call([[-5, 1]])))
    assert (reply.status, reply.was_reset) == (Status.INTERNAL, True)
    assert outputs(answer_one(answering, make_call()))["sum"] == [-1]


@pytest.mark.parametrize(
    ("error", "status", "words"),
    [
        (InvalidInput("no way back"), Status.INVALID_ARGUMENT, "no way back"),
        (KeyError("k"), Status.INTERNAL, "KeyError('k'"),
    ],
)
def test_reset_that_fails_fails_its_call(predictor, make_call, counting, error, status, words):
    """The model is not called on a state that the client did not want."""

    def reset():
        raise error

    counting.reset = reset
    reply = answer_one(predictor(), resetting(make_call()))
    assert (reply.status, reply.was_reset) == (status, False)
    assert words in reply.details
    assert counting.shapes == []


def test_model_without_a_way_back_says_so(predictor, make_call, model):
    """A stateful model that has no reset of its own refuses it."""
    model.stateful = True
    reply = answer_one(predictor(), resetting(make_call()))
    assert (reply.status, reply.was_reset) == (Status.INVALID_ARGUMENT, False)
    assert "cannot be reset" in reply.details
    assert model.shapes == []


def test_stateless_model_has_nothing_to_reset(predictor, make_call, model):
    """The client is told; those that are stacked beside it are answered."""
    calls = [make_call(), resetting(make_call()), make_call()]
    replies = {reply.id: reply for reply in predictor().answer(calls)}
    assert [replies[number].status for number in (1, 2, 3)] == [
        Status.OK, Status.INVALID_ARGUMENT, Status.OK,
    ]  # fmt: skip
    assert replies[2].details == "the model has no state to reset"
    assert not any(reply.was_reset for reply in replies.values())
    assert model.shapes == [(2, 2)]
