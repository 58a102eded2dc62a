"""What a request's own body says of when it runs: its sequence, and its timeout."""

import time

import numpy as np
import pytest

from serving_runtime import operations
from serving_runtime.errors import Status
from serving_runtime.signature import Tensor
from tests.support.wires import open_inference_protobuf as wire


@pytest.fixture
def counting(model):
    """Make the model a stateful one: it adds up all sums so far, and can forget them."""
    seen = []

    def behave(x):
        seen.append(float(x.sum()))
        return {"sum": [sum(seen)] * len(x), "name": ["n"] * len(x)}

    model.stateful = True
    model.behaviour = behave
    model.reset = seen.clear
    return model


@pytest.fixture
def ask(predictor, make_call):
    """Return a function that answers one request with these parameters."""
    answering = predictor()

    def answer(values=((1, 2),), arrived=0.0, **parameters):
        message = wire.request({"x": Tensor("float32", np.array(values, "f4"))}, True, id="1")
        message.parameters["signature_name"].string_param = "rows"
        for name, value in parameters.items():
            kind = {bool: "bool", int: "int64"}[type(value)]
            setattr(message.parameters[name], f"{kind}_param", value)
        payload = message.SerializeToString()
        call = make_call(payload=payload, operation=operations.INFER.key)
        [reply] = answering.answer([call._replace(arrived=arrived)])
        return reply

    return answer


def total(reply):
    """Return the sum of an answer."""
    assert reply.status == Status.OK, reply.details
    outputs = wire.outputs_of(wire.Response.FromString(bytes(reply.payload)))
    return outputs["sum"].array.tolist()


def test_a_sequence_resets_the_state_where_it_begins(counting, ask):
    """The reply says so, whoever else has changed the state."""
    replies = [
        ask(),
        ask(sequence_id=7, sequence_start=True),
        ask(sequence_id=7),
        ask(sequence_id=7, sequence_end=True),
    ]
    assert [total(reply) for reply in replies] == [[3], [3], [6], [9]]
    assert [reply.was_reset for reply in replies] == [False, True, False, False]


def test_a_sequence_that_is_not_alive_leaves_the_state_alone(counting, ask):
    """Its caller is told; the sequence that has the state goes on."""
    ask(sequence_id=7, sequence_start=True)
    reply = ask(sequence_id=8)
    assert (reply.status, reply.was_reset) == (Status.INVALID_ARGUMENT, False)
    assert "sequence_start" in reply.details
    assert total(ask(sequence_id=7)) == [6]


def test_a_call_that_is_refused_begins_no_sequence(counting, ask):
    """A mistake in one request must not cost the state of others."""
    ask(sequence_id=7, sequence_start=True)
    assert ask(((1, 2, 3),), sequence_id=8, sequence_start=True).status == Status.INVALID_ARGUMENT
    assert total(ask(sequence_id=7)) == [6]


def test_sequences_are_nothing_to_a_model_without_state(ask):
    """Each call is answered as without them."""
    reply = ask(sequence_id=7)
    assert (reply.status, reply.was_reset) == (Status.OK, False)


def test_a_timeout_counts_from_the_arrival(ask):
    """What has waited for longer, in the front or here, is not run."""
    now = time.monotonic()
    assert ask(arrived=now - 10, timeout=5_000_000).status == Status.DEADLINE_EXCEEDED
    assert ask(arrived=now - 10, timeout=3600_000_000).status == Status.OK
    assert ask(timeout=3600_000_000).status == Status.OK
    assert ask(timeout=1).status == Status.DEADLINE_EXCEEDED
