"""Stateful models: the calls of all clients are one sequence.

The models ``sequence`` and ``sequence_named`` fold each number into a total whose value depends on
the order, and count: so an answer tells its place.
"""

import concurrent.futures

import grpc
import pytest

from tests.conformance.setups import setups
from tests.support.cases import INVALID, OK, answered, tensor
from tests.support.services import CALL_SECONDS, Connection
from tests.support.targets import SERVERS
from tests.support.wires import open_inference_protobuf

CLIENTS = 9
CALLS = 100
START = 7

WIRE = open_inference_protobuf.WIRES[0]  # how a request is written is nothing to its state
MODELS = ("sequence", "sequence_named")
on_everything = pytest.mark.parametrize(
    "setup", [setup for model in MODELS for setup in setups(model)], ids=str
)
on_servers = pytest.mark.parametrize(
    "setup", [setup for model in MODELS for setup in setups(model, SERVERS)], ids=str
)


def step(number, resets_state=False):
    """Return a call that folds a number in; one that resets the state begins a new sequence."""
    case = answered("step", "sequence", "step", {"x": tensor("int64", number)})
    return WIRE.write(case)._replace(resets_state=resets_state)


def steps(numbers):
    """Return the calls of a new sequence: tests share what they call."""
    return [step(number, resets_state=not place) for place, number in enumerate(numbers)]


def told(answer):
    """Return an answer's place in the sequence, and its total."""
    outputs = WIRE.read(answer).outputs
    return outputs["position"].array.item(), outputs["total"].array.item()


def replayed(numbers):
    """Return what each of the numbers, in their order, is answered."""
    total, answers = START, []
    for position, number in enumerate(numbers, 1):
        total = (total * 31 + number) % 1000003
        answers.append((position, total))
    return answers


def ask(service, calls):
    """Send calls one after another, and return what each was answered."""
    answers = [service.answer_calls([call])[0] for call in calls]
    assert {answer.status for answer in answers} == {OK}
    return [told(answer) for answer in answers]


def ask_from_many_clients(service):
    """Return what each number was answered, in the order that the answers tell."""
    sent = [range(start, CLIENTS * CALLS, CLIENTS) for start in range(CLIENTS)]
    clients = [Connection(service.address) for _ in sent]
    with concurrent.futures.ThreadPoolExecutor(CLIENTS) as threads:
        answers = list(threads.map(ask, clients, [list(map(step, numbers)) for numbers in sent]))
    for client in clients:
        client.channel.close()
    assert all(sorted(mine) == mine for mine in answers)
    return in_order(sum(answers, []), [number for mine in sent for number in mine])


def in_order(answers, numbers):
    """Return answers, sorted by their places, and their numbers."""
    return tuple(zip(*sorted(zip(answers, numbers))))


@on_everything
def test_a_hundred_calls_are_one_sequence(serve, setup):
    """From the server's start each call goes on from the one before."""
    numbers = [number * number for number in range(CALLS)]
    assert ask(serve(setup, fresh=True), map(step, numbers)) == replayed(numbers)


@on_everything
def test_what_arrives_together_is_answered_in_some_order(serve, setup):
    """Calls that wait at the same time are run one by one, each exactly once."""
    service = serve(setup)
    first = ask(service, steps([CALLS]))
    answers = service.answer_calls([step(number) for number in range(CALLS)])
    places, numbers = in_order([told(answer) for answer in answers], range(CALLS))
    assert first + list(places) == replayed([CALLS, *numbers])


@on_servers
def test_all_clients_are_in_one_order(serve, setup):
    """Nine clients at the same time get the answers of one sequence, each in its own order."""
    service = serve(setup)
    first = ask(service, steps([CALLS]))
    places, numbers = ask_from_many_clients(service)
    assert first + list(places) == replayed([CALLS, *numbers])


@on_everything
def test_a_call_that_is_refused_leaves_the_state_alone(serve, setup):
    """The sequence goes on as if the bad call had not been."""
    service = serve(setup)
    text = answered("text", "sequence", "step", {"x": tensor("string", "3")})
    before = ask(service, steps([3]))
    [refusal] = service.answer_calls([WIRE.write(text)])
    assert refusal.status == INVALID
    assert before + ask(service, [step(4)]) == replayed([3, 4])


@on_everything
def test_a_client_begins_a_new_sequence(serve, setup):
    """A call that resets the state is the first of a new sequence, again and again."""
    service = serve(setup)
    for numbers in ([3, 4], [5, 6]):
        assert ask(service, steps(numbers)) == replayed(numbers)


@on_servers
def test_a_wish_to_reset_is_yes_or_no(serve, setup):
    """Other values of x-reset-state are refused, and leave the state alone."""
    service = serve(setup)
    before = ask(service, steps([3]))
    predict = service.channel.unary_unary(step(5).operation.grpc_method)
    with pytest.raises(grpc.RpcError) as caught:
        predict(step(5).payload, timeout=CALL_SECONDS, metadata=[("x-reset-state", "perhaps")])
    assert caught.value.code() == grpc.StatusCode.INVALID_ARGUMENT
    assert before + ask(service, [step(4)]) == replayed([3, 4])


def in_sequence(number, name, **flags):
    """Return a call over Open Inference that says which sequence it is of."""
    case = answered("step", "sequence", "step", {"x": tensor("int64", number)})
    call = open_inference_protobuf.RAW.write(case)
    message = open_inference_protobuf.Request.FromString(call.payload)
    message.parameters["sequence_id"].string_param = name
    for flag, value in flags.items():
        message.parameters[f"sequence_{flag}"].bool_param = value
    return call._replace(payload=message.SerializeToString())


def told_over_open_inference(service, calls):
    """Send calls one after another, and return what each was answered."""
    outcomes = [
        open_inference_protobuf.RAW.read(service.answer_calls([call])[0]).outputs for call in calls
    ]
    return [(it["position"].array.item(), it["total"].array.item()) for it in outcomes]


@on_everything
def test_a_client_of_open_inference_begins_a_sequence_by_its_name(serve, setup):
    """The state is of one sequence at a time: who goes on with another is refused, and told why."""
    service = serve(setup)
    first = [in_sequence(3, "a", start=True), in_sequence(4, "a")]
    assert told_over_open_inference(service, first) == replayed([3, 4])
    other = [in_sequence(5, "b", start=True)]
    assert told_over_open_inference(service, other) == replayed([5])
    [refusal] = service.answer_calls([in_sequence(6, "a")])
    assert refusal.status == INVALID
    assert "begins anew with sequence_start" in refusal.details
    last = [in_sequence(7, "b", end=True)]
    assert replayed([5]) + told_over_open_inference(service, last) == replayed([5, 7])
    [refusal] = service.answer_calls([in_sequence(8, "b")])
    assert refusal.status == INVALID
    assert "no sequence is alive" in refusal.details
