"""Bind each operation of the table to what answers it: a worker, or the front itself."""

from typing import AsyncGenerator, AsyncIterator, Callable, Dict, NamedTuple

from serving_runtime import operations
from serving_runtime.operations import Operation
from serving_runtime.server import transport
from serving_runtime.server.grpc import reflection
from serving_runtime.server.grpc.health_service import HealthService
from serving_runtime.server.grpc.model_service import ModelService
from serving_runtime.server.grpc.open_inference import OpenInferenceService
from serving_runtime.server.health import Health
from serving_runtime.server.http import page
from serving_runtime.server.http.doors import Doors
from serving_runtime.server.transport import (
    NO_HEADERS,
    Reply,
    Request,
    Routes,
    StreamHandler,
    UnaryHandler,
)


class Counted(NamedTuple):
    """What answers who asks what was counted.

    ``scrape`` has the metrics, ``overview`` what moves on the page; ``statistics`` forwards
    questions for a model's statistics, with what was counted.
    """

    scrape: UnaryHandler
    overview: Callable[[Request], Reply]
    statistics: UnaryHandler


def bind(
    health: Health,
    doors: Doors,
    counted: Counted,
    forward: UnaryHandler,
    forward_stream: StreamHandler,
) -> Routes:
    """Return what answers each operation.

    Args:
        health: of which the front's own operations tell.
        doors: those of HTTP.
        counted: answers who asks what was counted.
        forward: answers what workers answer.
        forward_stream: answers streams whose messages workers answer.
    """
    checks = HealthService(health)
    streams = {
        operations.HEALTH_WATCH: checks.watch,
        operations.REFLECTION_V1: reflection.answer_all,
        operations.REFLECTION_V1ALPHA: reflection.answer_all,
    }
    of_grpc = _answers_of_grpc(health, checks)
    of_payload = {row: _immediate(_of_payload(answer)) for row, answer in of_grpc.items()}
    of_counts = {
        operations.METRICS: counted.scrape,
        operations.MODEL_STATISTICS: counted.statistics,
        operations.REST_MODEL_STATISTICS: counted.statistics,
    }
    asked = {**doors.answers(), operations.PAGE_NUMBERS: counted.overview}
    of_http = {row: _immediate(answer) for row, answer in asked.items()}
    return transport.bind(
        forward=forward,
        forward_stream=forward_stream,
        unary={**of_payload, **of_http, **page.handlers(), **of_counts},
        streams={row: _of_messages(answer) for row, answer in streams.items()},
    )


def _answers_of_grpc(
    health: Health, checks: HealthService
) -> Dict[Operation, Callable[[bytes], Reply]]:
    of_front, models = OpenInferenceService(health), ModelService(health)
    return {
        operations.HEALTH_CHECK: checks.check,
        operations.STATUS: checks.status,
        operations.MODEL_STATUS: models.status,
        operations.RELOAD_CONFIG: models.reload_config,
        operations.SERVER_LIVE: of_front.server_live,
        operations.SERVER_READY: of_front.server_ready,
        operations.MODEL_READY: of_front.model_ready,
        operations.SERVER_METADATA: of_front.server_metadata,
    }


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
