"""What a soak sends, and what must come back for it: every dtype, method, size and failure."""

import functools
import random
from collections.abc import Iterator
from typing import Any

import numpy as np

import hydro_serving_grpc as hs
from experiments.reliability import soak_methods
from experiments.reliability.soak_exchange import Exchange, Kind
from experiments.reliability.soak_model import MODEL_NAME, MODELS
from hydro_serving_grpc.messages import message_class
from serving_runtime import operations
from serving_runtime.client import encode_request
from tests.conformance import tensorflow_serving
from tests.conformance.cases import casts, dtypes, failures, inputs, maps, shapes, strings
from tests.support.cases import OK, Case
from tests.support.messages import reply, request, tensor
from tests.support.servers import GOLDEN_X, expected
from tests.support.servers import request as deed
from tests.support.wires import every_wire
from tests.support.wires.open_inference_protobuf import OpenInference

SUBJECTS = (dtypes, shapes, strings, casts, inputs, maps, failures)
OWN_SUBJECTS = (tensorflow_serving.encodings, tensorflow_serving.unreadable)
MAX_MESSAGE_BYTES = 4 * 2**20
LARGE_BYTES = (2**16, 2**18, 2**20)

SLOW_SECONDS, HASTE_SECONDS = 0.06, 0.02


def golden() -> Exchange:
    """Return the request whose latency is measured."""
    return Exchange(Kind.GOLDEN, deed(), _doubles(expected(GOLDEN_X)))


def crash(number: int) -> Exchange:
    """Return a request that ends each worker it is given to, no two of them alike."""
    what = "segfault" if number % 2 else "exit 3"
    return Exchange(Kind.CRASHES, deed(what, [number / 7]), status="INTERNAL")


def mix(seed: int) -> Iterator[Exchange]:
    """Yield what to send, endlessly."""
    chosen = random.Random(seed)
    weights, kinds = zip(*_shares(), strict=True)
    while True:
        (exchanges,) = chosen.choices(kinds, weights)
        yield chosen.choice(exchanges)


@functools.cache
def _shares() -> list[tuple[float, list[Exchange]]]:
    """Return how many of a thousand requests are of which kind."""
    dishes = [*_cases(), *_own()]
    values = [dish for dish in dishes if dish.kind is Kind.VALUES]
    refusals = [dish for dish in dishes if dish.kind is Kind.REFUSALS]
    slow = deed(f"sleep {SLOW_SECONDS}")
    hasty = Exchange(
        Kind.DEADLINES,
        slow,
        status="DEADLINE_EXCEEDED",
        or_statuses=("RESOURCE_EXHAUSTED", "UNAVAILABLE"),
        timeout_seconds=HASTE_SECONDS,
    )
    given_up = Exchange(
        Kind.CANCELS,
        slow,
        status="CANCELLED",
        or_statuses=("OK",),  # a busy client gives it up too late
        cancel_seconds=HASTE_SECONDS,
    )
    return [
        (600, [golden(), _rows(3), _rows(17)]),
        (300, values),
        (20, [_large(size, as_content) for size in LARGE_BYTES for as_content in (True, False)]),
        (40, soak_methods.all_of_them()),
        (38, [*refusals, _too_large()]),
        (1, [hasty]),
        (1, [given_up]),
    ]


def _is_served(case: Any) -> bool:
    """Whether the merged model has the case's, and nothing in it depends on a setting."""
    return case.model in MODELS and not case.settings


def _cases() -> Iterator[Exchange]:
    """Yield what every protocol can say, over each wire."""
    cases = [case for subject in SUBJECTS for case in subject.CASES if _is_served(case)]
    for wire in every_wire():
        dishes = [_dish(wire, case) for case in cases if not wire.gap(case)]
        yield from dishes
        yield from map(_streamed, filter(_is_inference, dishes))


def _is_inference(exchange: Exchange) -> bool:
    return exchange.method == operations.INFER.grpc_method and exchange.kind is Kind.VALUES


def _streamed(exchange: Exchange) -> Exchange:
    """Return the same inference as the only message of a stream."""
    streamed = message_class("inference.ModelStreamInferResponse")
    method = operations.STREAM_INFER.grpc_method
    return exchange._replace(method=method, reply=streamed(infer_response=exchange.reply))


def _dish(wire: Any, case: Case) -> Exchange:
    sent, outcome = wire.write(case), case.outcome
    method = sent.operation.grpc_method
    if outcome.status == OK:
        named = (MODEL_NAME,) if isinstance(wire, OpenInference) else ()
        return Exchange(
            Kind.VALUES, sent.payload, wire.reply(outcome.outputs, *named), method=method
        )
    return Exchange(
        Kind.REFUSALS, sent.payload, status=outcome.status, wrong=outcome.wrong, method=method
    )


def _own() -> Iterator[Exchange]:
    """Yield what this protocol alone can say."""
    for own in (it for subject in OWN_SUBJECTS for it in subject.EXCHANGES if _is_served(it)):
        kind = Kind.VALUES if own.status == OK else Kind.REFUSALS
        yield Exchange(kind, own.request, own.reply, own.status, own.details)


def _doubles(values: list[float]) -> Any:
    content = np.array(values, "<f8").tobytes()
    return reply(y=tensor(hs.DT_DOUBLE, [len(values)], tensor_content=content))


def _rows(count: int) -> Exchange:
    x = [count + place / 3 for place in range(count)]
    return Exchange(Kind.GOLDEN, deed(x=x), _doubles(expected(x)))


def _large(size_bytes: int, as_content: bool) -> Exchange:
    """Return a request and a reply that go by shared memory inside of the service."""
    x = np.random.default_rng(size_bytes).standard_normal(size_bytes // 4).astype("<f4")
    payload = encode_request("identity_float32", {"x": x}, as_content)
    same = hs.PredictRequest.FromString(payload).inputs["x"]
    return Exchange(Kind.LARGE, payload, reply(y=same))


def _too_large() -> Exchange:
    """Return a request that grpc refuses before it has all of it.

    If the connection has come of age just then, grpc closes it with the rest unread, and the client
    may never see why; then it hears that it may try again.
    """
    x = tensor(hs.DT_UINT8, [MAX_MESSAGE_BYTES], tensor_content=bytes(MAX_MESSAGE_BYTES))
    payload = request("identity_uint8", x=x)
    return Exchange(
        Kind.REFUSALS, payload, status="RESOURCE_EXHAUSTED", or_statuses=("UNAVAILABLE",)
    )
