"""Send odd inference requests in JSON through a worker's predictor, and judge each answer.

``FUZZ_CASES=1000000 pytest tests/fuzz/test_rest.py`` runs as many as one has time for.
"""

import collections
import json
import os
import random
import time

from serving_runtime import operations
from serving_runtime.errors import Status
from serving_runtime.ipc.attributes import HEADER_LENGTH
from serving_runtime.ipc.frames import CallFrame
from serving_runtime.worker.predictor import Predictor
from tests.fuzz import echo_model
from tests.support.odd_rest_inferences import draw_echo, spoilt

CASES = int(os.environ.get("FUZZ_CASES", "2000"))
SEED = int(os.environ.get("FUZZ_SEED", "3"))
TOGETHER = 4
# The model cannot fail: what goes wrong is the request's fault.
STATUSES = (Status.OK, Status.INVALID_ARGUMENT, Status.RESOURCE_EXHAUSTED, Status.UNIMPLEMENTED)


def calls_of(chance, number):
    """Return calls that arrive together: the first is proper, the others are spoilt."""
    body, attributes = draw_echo(chance)
    bodies = [body] + [spoilt(chance, body) for _ in range(TOGETHER - 1)]
    key, deadline = operations.REST_INFER.key, time.monotonic() + 3600
    return [
        CallFrame(number + at, key, f"id-{at}", deadline, bytearray(each), attributes=attributes)
        for at, each in enumerate(bodies)
    ]


def check(call, reply):
    """Check what holds of each answer, whatever was asked."""
    said = (bytes(call.payload), reply.details)
    assert reply.status in STATUSES, said
    assert bool(reply.details) != (reply.status is Status.OK), said
    assert len(reply.details.encode()) <= 1024, said
    assert "\n" not in reply.details, said
    if reply.status is not Status.OK:
        return
    length = int(reply.attributes.get(HEADER_LENGTH, len(reply.payload)))
    told = json.loads(bytes(reply.payload[:length]).decode())
    binary = sum(it.get("parameters", {}).get("binary_data_size", 0) for it in told["outputs"])
    assert length + binary == len(reply.payload), said
    assert (told["model_name"], told["model_version"]) == ("echo", "7")


def test_odd_json_is_answered_or_refused_and_never_a_failure():
    """Each answer is well formed, and a proper request is answered as before, to the last bit."""
    predictor = Predictor(echo_model.Echo(), echo_model.CONTRACT, echo_model.SETTINGS)
    golden = calls_of(random.Random(1), 0)[:1]
    expected = [bytes(reply.payload) for reply in predictor.answer(golden)]
    chance = random.Random(SEED)
    counts = collections.Counter()
    for number in range(0, CASES, TOGETHER):
        calls = calls_of(chance, number)
        replies = {reply.id: reply for reply in predictor.answer(calls)}
        assert len(replies) == len(calls)
        for call in calls:
            check(call, replies[call.id])
            counts[replies[call.id].status.name] += 1
    print(dict(counts))
    assert [bytes(reply.payload) for reply in predictor.answer(golden)] == expected
    assert counts["OK"] > CASES // 10
    assert counts["INVALID_ARGUMENT"] > CASES // 10
