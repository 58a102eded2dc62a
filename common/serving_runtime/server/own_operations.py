"""Bind each operation of the table to what answers it: a worker, or the front itself."""

from typing import AsyncGenerator, AsyncIterator, Callable

from serving_runtime import operations
from serving_runtime.server import transport
from serving_runtime.server.grpc import reflection
from serving_runtime.server.grpc.health_service import HealthService
from serving_runtime.server.grpc.model_service import ModelService
from serving_runtime.server.grpc.open_inference import OpenInferenceService
from serving_runtime.server.health import Health
from serving_runtime.server.http.doors import Doors
from serving_runtime.server.transport import (
    NO_HEADERS,
    Reply,
    Request,
    Routes,
    StreamHandler,
    UnaryHandler,
)


def bind(
    health: Health,
    doors: Doors,
    scrape: UnaryHandler,
    statistics: UnaryHandler,
    forward: UnaryHandler,
    forward_stream: StreamHandler,
) -> Routes:
    """Return what answers each operation.

    Args:
        health: of which the front's own operations tell.
        doors: those of HTTP.
        scrape: answers who asks for the metrics.
        statistics: forwards questions for a model's statistics, with what was counted.
        forward: answers what workers answer.
        forward_stream: answers streams whose messages workers answer.
    """
    checks, of_front = HealthService(health), OpenInferenceService(health)
    models = ModelService(health)
    answers = {
        operations.HEALTH_CHECK: checks.check,
        operations.STATUS: checks.status,
        operations.MODEL_STATUS: models.status,
        operations.RELOAD_CONFIG: models.reload_config,
        operations.SERVER_LIVE: of_front.server_live,
        operations.SERVER_READY: of_front.server_ready,
        operations.MODEL_READY: of_front.model_ready,
        operations.SERVER_METADATA: of_front.server_metadata,
    }
    streams = {
        operations.HEALTH_WATCH: checks.watch,
        operations.REFLECTION_V1: reflection.answer_all,
        operations.REFLECTION_V1ALPHA: reflection.answer_all,
    }
    of_payload = {row: _immediate(_of_payload(answer)) for row, answer in answers.items()}
    counted = {
        operations.METRICS: scrape,
        operations.MODEL_STATISTICS: statistics,
        operations.REST_MODEL_STATISTICS: statistics,
    }
    of_http = {row: _immediate(answer) for row, answer in doors.answers().items()}
    return transport.bind(
        forward=forward,
        forward_stream=forward_stream,
        unary={**of_payload, **of_http, **counted},
        streams={row: _of_messages(answer) for row, answer in streams.items()},
    )


def _of_payload(answer: Callable[[bytes], Reply]) -> Callable[[Request], Reply]:
    return lambda request: answer(request.payload)


def _immediate(answer: Callable[[Request], Reply]) -> UnaryHandler:
    """Make a handler of a function that answers at once, past the admission queue."""

    def handle(request: Request) -> Callable[[], None]:
        request.respond(answer(request), NO_HEADERS)
        return _nothing

    return handle


def _of_messages(
    answer: Callable[[AsyncIterator[bytes]], AsyncGenerator[bytes, None]],
) -> StreamHandler:
    """Make a handler of a function that needs nothing but a stream's messages."""
    return lambda stream: answer(stream.messages)


def _nothing() -> None:
    """Cancel what is answered already."""
