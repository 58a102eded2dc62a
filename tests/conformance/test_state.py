"""Stateful models: the calls of all clients are one sequence.

The models ``sequence`` and ``sequence_named`` fold each number into a total whose value depends on
the order, and count: so an answer tells its place.
"""

import concurrent.futures

import grpc
import pytest

import hydro_serving_grpc as hs
from tests.conformance.messages import request, tensor
from tests.conformance.setups import setups
from tests.support.targets import CALL_SECONDS, PREDICT, SERVERS, Connection

CLIENTS = 9
CALLS = 100
START = 7

MODELS = ("sequence", "sequence_named")
on_everything = pytest.mark.parametrize(
    "setup", [setup for model in MODELS for setup in setups(model)], ids=str
)
on_servers = pytest.mark.parametrize(
    "setup", [setup for model in MODELS for setup in setups(model, SERVERS)], ids=str
)


def step(number):
    """Return a request to fold a number in."""
    return request("step", x=tensor(hs.DT_INT64, [], int64_val=[number]))


def told(payload):
    """Return an answer's place in the sequence, and its total."""
    outputs = hs.PredictResponse.FromString(payload).outputs
    return outputs["position"].int64_val[0], outputs["total"].int64_val[0]


def replayed(numbers):
    """Return what each of the numbers, in their order, is answered."""
    total, answers = START, []
    for position, number in enumerate(numbers, 1):
        total = (total * 31 + number) % 1000003
        answers.append((position, total))
    return answers


def ask(service, numbers):
    """Send numbers one after another, and return what each was answered."""
    answers = [service.answer(step(number)) for number in numbers]
    assert {answer.status for answer in answers} == {"OK"}
    return [told(answer.payload) for answer in answers]


def ask_from_many_clients(service):
    """Return what each number was answered, in the order that the answers tell."""
    sent = [range(start, CLIENTS * CALLS, CLIENTS) for start in range(CLIENTS)]
    clients = [Connection(service.address) for _ in sent]
    with concurrent.futures.ThreadPoolExecutor(CLIENTS) as threads:
        answers = list(threads.map(ask, clients, sent))
    for client in clients:
        client.channel.close()
    assert all(sorted(mine) == mine for mine in answers)
    return in_order(sum(answers, []), [number for mine in sent for number in mine])


def in_order(answers, numbers):
    """Return answers, sorted by their places, and their numbers."""
    return tuple(zip(*sorted(zip(answers, numbers))))


@on_everything
def test_a_hundred_calls_are_one_sequence(serve, setup):
    """Each call goes on from the one before."""
    numbers = [number * number for number in range(CALLS)]
    assert ask(serve(setup, fresh=True), numbers) == replayed(numbers)


@on_everything
def test_what_arrives_together_is_answered_in_some_order(serve, setup):
    """Calls that wait at the same time are run one by one, each exactly once."""
    service = serve(setup, fresh=True)
    answers = service.answer_all([step(number) for number in range(CALLS)])
    places, numbers = in_order([told(answer.payload) for answer in answers], range(CALLS))
    assert list(places) == replayed(numbers)


@on_servers
def test_all_clients_are_in_one_order(serve, setup):
    """Nine clients at the same time get the answers of one sequence, each in its own order."""
    places, numbers = ask_from_many_clients(serve(setup, fresh=True))
    assert list(places) == replayed(numbers)


@on_everything
def test_a_call_that_is_refused_leaves_the_state_alone(serve, setup):
    """The sequence goes on as if the bad call had not been."""
    service = serve(setup, fresh=True)
    bad = request("step", x=tensor(hs.DT_STRING, [], string_val=[b"3"]))
    before = ask(service, [3])
    assert service.answer(bad).status == "INVALID_ARGUMENT"
    assert before + ask(service, [4]) == replayed([3, 4])


@on_servers
def test_a_client_begins_a_new_sequence(serve, setup):
    """A call with x-reset-state is the first of a new sequence; other values are refused."""
    service = serve(setup, fresh=True)
    assert ask(service, [3, 4]) == replayed([3, 4])
    predict = service.channel.unary_unary(PREDICT)
    reply = predict(step(5), timeout=CALL_SECONDS, metadata=[("x-reset-state", "1")])
    assert [told(reply), *ask(service, [6])] == replayed([5, 6])
    with pytest.raises(grpc.RpcError) as caught:
        predict(step(5), timeout=CALL_SECONDS, metadata=[("x-reset-state", "perhaps")])
    assert caught.value.code() == grpc.StatusCode.INVALID_ARGUMENT
