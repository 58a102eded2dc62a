"""Call the obedient model by either protocol, so that an experiment is the same over both.

Clients of gRPC have retries switched off, so that what they see is the service's doing; those of
HTTP have none.
"""

import argparse
import contextlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any, NamedTuple

from experiments.reliability.experiment import Experiment
from tests.support import http_callers, servers
from tests.support.callers import NO_RETRIES, OWN_CONNECTION, Callers
from tests.support.http_callers import HttpCallers
from tests.support.servers import Failure, Server

OPTIONS = (NO_RETRIES, OWN_CONNECTION)
GRPC, HTTP = "grpc", "http"
# What HTTP's statuses are in gRPC's words.
STATUSES = {
    400: "INVALID_ARGUMENT", 404: "NOT_FOUND", 429: "RESOURCE_EXHAUSTED", 500: "INTERNAL",
    503: "UNAVAILABLE", 504: "DEADLINE_EXCEEDED",
}  # fmt: skip


class Calling(NamedTuple):
    """How a service is called by one protocol.

    Args:
        callers: clients that call all the time, so many.
        connect: a connection.
        check: raises AssertionError if a connection gets no right answer.
        failure: what comes of a request, of what the model is to do, that must fail in some time.
    """

    callers: Callable[[Server, int], AbstractContextManager[Any]]
    connect: Callable[[Server], AbstractContextManager[Any]]
    check: Callable[[Any], None]
    failure: Callable[[Any, str, float], Failure]


def add_protocol(parser: argparse.ArgumentParser) -> None:
    """Describe `--protocol`."""
    parser.add_argument("--protocol", choices=BY_PROTOCOL, default=GRPC, help="(default grpc)")


def of(arguments: argparse.Namespace) -> Calling:
    """Return how the service is called."""
    return BY_PROTOCOL[arguments.protocol]


def over_http(experiment: Experiment) -> Experiment:
    """Return the same experiment over HTTP, with results of its own."""

    def describe(parser: argparse.ArgumentParser) -> None:
        experiment.describe(parser)
        parser.set_defaults(protocol=HTTP)

    promise = f"over HTTP, {experiment.promise[0].lower()}{experiment.promise[1:]}"
    return Experiment(f"{experiment.name}-http", promise, describe, experiment.run)


def _grpc_failure(connection: Any, deed: str, seconds: float) -> Failure:
    return servers.failure(connection, servers.request(deed), seconds)


@contextlib.contextmanager
def _http_connection(server: Server) -> Iterator[Any]:
    with contextlib.closing(http_callers.connect(server.http_address)) as connection:
        yield connection


def _check_http(connection: Any) -> None:
    x = [1.5, -2.25, 0.1]  # JSON has no infinity, which the golden request is answered with
    assert http_callers.ask(connection, http_callers.request(x=x)).y == servers.expected(x)


def _http_failure(connection: Any, deed: str, seconds: float) -> Failure:
    timeout = {"x-request-timeout": str(seconds)}
    answer = http_callers.ask(connection, http_callers.request(deed), **timeout)
    assert answer.status != 200, f"answered {answer.body}"
    return Failure(STATUSES.get(answer.status, str(answer.status)), answer.body["error"])


BY_PROTOCOL = {
    GRPC: Calling(
        lambda server, count: Callers(server.address, count, options=OPTIONS),
        lambda server: servers.channel(server.address, *OPTIONS),
        servers.assert_bit_exact,
        _grpc_failure,
    ),
    HTTP: Calling(
        lambda server, count: HttpCallers(server.http_address, count, moves=False),
        _http_connection,
        _check_http,
        _http_failure,
    ),
}
