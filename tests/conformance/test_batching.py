import numpy as np
import pytest

import hydro_serving_grpc as hs
from tests.conformance.messages import reply, request, tensor
from tests.conformance.setups import setups
from tests.support.targets import Answer, InProcess

CALLERS = 64

ROWS = setups("rows")
FEATURES = setups("features")
TOGETHER = setups("rows", targets=[InProcess()])


def longs(*values):
    """Return int64 values."""
    return tensor(hs.DT_INT64, [len(values)], int64_val=values)


def features(seed):
    """Return a request of a few random rows, in one encoding or the other."""
    random = np.random.RandomState(seed)
    rows = 1 + seed % 5
    x, weight = random.standard_normal((rows, 3)).astype("<f4"), random.standard_normal(rows)
    if seed % 2:
        sent = {"float_val": x.ravel().tolist()}, {"double_val": weight.tolist()}
    else:
        sent = {"tensor_content": x.tobytes()}, {"tensor_content": weight.tobytes()}
    return request(
        "infer",
        x=tensor(hs.DT_FLOAT, [rows, 3], **sent[0]),
        weight=tensor(hs.DT_DOUBLE, [rows], **sent[1]),
    )


def canonical(answers):
    """Return answers whose bytes do not depend on the order of a protobuf map."""
    messages = [hs.PredictResponse.FromString(answer.payload) for answer in answers]
    payloads = [message.SerializeToString(deterministic=True) for message in messages]
    return [answer._replace(payload=payload) for answer, payload in zip(answers, payloads)]


@pytest.mark.parametrize("setup", FEATURES, ids=str)
def test_many_callers_get_the_answers_that_each_gets_alone(serve, setup):
    """Stacked or not, an answer is the same to the last bit and in the request's encoding."""
    service = serve(setup)
    requests = [features(seed) for seed in range(CALLERS)]
    alone = [service.answer(request) for request in requests]
    assert {answer.status for answer in alone} == {"OK"}
    assert canonical(service.answer_all(requests)) == canonical(alone)


@pytest.mark.parametrize("setup", ROWS, ids=str)
def test_a_bad_row_fails_only_its_own_caller(serve, setup):
    """A row that breaks the model, one that it refuses and one of no dtype harm nobody else."""
    sent = [longs(number, number + 100) for number in range(CALLERS)]
    sent[7] = longs(7, -1)
    sent[13] = longs(0, 13)
    sent[20] = tensor(hs.DT_STRING, [1], string_val=[b"20"])
    service = serve(setup)
    requests = [request("double", x=x) for x in sent]
    answers = service.answer_all(requests)
    for number, answer in enumerate(answers):
        expected = reply(y=longs(2 * number, 2 * number + 200)).SerializeToString()
        if number not in (7, 13, 20):
            assert answer == Answer("OK", "", expected)
    refusals = {7: "INVALID_ARGUMENT", 13: "INTERNAL", 20: "INVALID_ARGUMENT"}
    for number, status in refusals.items():
        assert answers[number].status == status
        assert answers[number] == service.answer(requests[number])
    assert "rows must not be negative" in answers[7].details


@pytest.mark.parametrize("setup", ROWS, ids=str)
def test_a_model_that_loses_rows_is_asked_singly(serve, setup):
    """A result that cannot be split among its callers is computed again for each."""
    answers = serve(setup).answer_all([request("total", x=longs(n, n)) for n in range(CALLERS)])
    replies = [hs.PredictResponse.FromString(answer.payload) for answer in answers]
    assert replies == [reply(sum=longs(2 * number)) for number in range(CALLERS)]


@pytest.mark.parametrize("setup", TOGETHER, ids=str)
def test_what_arrives_together_is_stacked_up_to_the_limit(serve, setup):
    """Requests that arrive together are one call of at most RUNTIME_MAX_BATCH_SIZE rows."""
    requests = [request("count", x=longs(*range(10))) for _ in range(8)]
    answers = serve(setup).answer_all(requests)
    sizes = [
        hs.PredictResponse.FromString(it.payload).outputs["rows"].int64_val[0] for it in answers
    ]
    assert sizes == [60] * 6 + [20] * 2


@pytest.mark.parametrize("setup", setups("rows", RUNTIME_MAX_BATCH_SIZE="1"), ids=str)
def test_stacking_can_be_switched_off(serve, setup):
    """With a batch size of 1 each request is a call of its own."""
    answers = serve(setup).answer_all([request("count", x=longs(0, 0, 0))] * CALLERS)
    expected = reply(rows=longs(3, 3, 3)).SerializeToString()
    assert answers == [Answer("OK", "", expected)] * CALLERS


@pytest.mark.parametrize("setup", setups("maps"), ids=str)
def test_maps_that_arrive_together_are_answered(serve, setup):
    """What cannot be stacked is answered one by one."""
    from tests.conformance.cases.maps import CARD, greet, user

    answers = serve(setup).answer_all([greet(user())] * CALLERS)
    replies = [hs.PredictResponse.FromString(answer.payload) for answer in answers]
    assert replies == [reply(card=CARD)] * CALLERS
