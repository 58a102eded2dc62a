"""Send odd inference requests in JSON through a worker's predictor, and judge each answer."""

import json
import random
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any, NamedTuple

from serving_runtime import operations
from serving_runtime.errors import Status
from serving_runtime.ipc.attributes import HEADER_LENGTH
from serving_runtime.ipc.frames import CallFrame, ReplyFrame
from serving_runtime.worker.predictor import Predictor
from tests.fuzz import echo_model
from tests.support.odd_rest_inferences import draw_echo, spoilt

TOGETHER = 4
# The model cannot fail: what goes wrong is the request's fault.
STATUSES = (Status.OK, Status.INVALID_ARGUMENT, Status.RESOURCE_EXHAUSTED, Status.UNIMPLEMENTED)


class Judged(NamedTuple):
    """What came of cases: how many ended with each status, and what was wrong."""

    kinds: Counter[str]
    wrong: list[str]


def run(cases: int, seed: int) -> Iterator[Judged]:
    """Answer so many cases, some together; yield what came of those, and at last of a proper one.

    That is answered before and after all others: the same, to the last bit.
    """
    predictor = Predictor(echo_model.Echo(), echo_model.CONTRACT, echo_model.SETTINGS)
    golden = _calls(random.Random(1), 0)[:1]
    expected = _payloads(predictor, golden)
    chance = random.Random(seed)
    for number in range(0, cases, TOGETHER):
        yield _judged(predictor, _calls(chance, number))
    is_changed = _payloads(predictor, golden) != expected
    yield Judged(Counter(), ["golden changed"] if is_changed else [])


def _judged(predictor: Predictor, calls: list[CallFrame]) -> Judged:
    replies = {reply.id: reply for reply in predictor.answer(calls)}
    judged = Judged(Counter(), [])
    for call in calls:
        reply = replies.get(call.id)
        problem = _problem(reply) if reply else "not answered"
        judged.kinds[reply.status.name if reply else "none"] += 1
        if problem:
            judged.wrong.append(f"{problem}: {bytes(call.payload)!r}")
    return judged


def _calls(chance: random.Random, number: int) -> list[CallFrame]:
    """Return calls that arrive together: the first is proper, the others are spoilt."""
    body, attributes = draw_echo(chance)
    bodies = [body] + [spoilt(chance, body) for _ in range(TOGETHER - 1)]
    key, deadline = operations.REST_INFER.key, time.monotonic() + 3600
    return [
        CallFrame(number + at, key, f"id-{at}", deadline, bytearray(each), attributes=attributes)
        for at, each in enumerate(bodies)
    ]


def _payloads(predictor: Predictor, calls: list[CallFrame]) -> list[bytes]:
    return [bytes(reply.payload) for reply in predictor.answer(calls)]


def _problem(reply: ReplyFrame) -> str:
    """Return what is wrong with an answer, whatever was asked; nothing if it is well formed."""
    details = reply.details
    is_ok = reply.status is Status.OK
    if reply.status not in STATUSES or bool(details) == is_ok:
        return f"{reply.status.name} with the details {details!r}"
    if "\n" in details or len(details.encode()) > 1024:
        return f"details that are no line: {details!r}"
    return _problem_of_payload(reply) if is_ok else ""


def _problem_of_payload(reply: ReplyFrame) -> str:
    length = int(reply.attributes.get(HEADER_LENGTH, len(reply.payload)))
    told: Any = json.loads(bytes(reply.payload[:length]).decode())
    binary = sum(it.get("parameters", {}).get("binary_data_size", 0) for it in told["outputs"])
    if length + binary != len(reply.payload):
        return f"{len(reply.payload)} bytes, not {length} and {binary}"
    names = told["model_name"], told["model_version"]
    return "" if names == ("echo", "7") else f"the names {names}"
