"""Start the HTTP transport where it is wanted, and where it may be."""

from typing import NamedTuple, Optional

from serving_runtime import logs
from serving_runtime.errors import StartError
from serving_runtime.security import Security
from serving_runtime.server.front_lock import FrontLock
from serving_runtime.server.http.doors import Doors
from serving_runtime.server.http.transport import NO_PORT, HttpTransport
from serving_runtime.server.metrics import HttpCounts
from serving_runtime.server.transport import Routes, Transport
from serving_runtime.settings import Settings

logger = logs.get_logger(__name__)


class Front(NamedTuple):
    """What of the front a transport needs."""

    lock: FrontLock
    security: Security
    doors: Doors
    counts: HttpCounts


async def start(routes: Routes, settings: Settings, front: Front) -> Optional[Transport]:
    """Return the transport, which listens; None where gRPC alone is served.

    Who upgrades never asked for HTTP: where its default port is taken, there is none.

    Raises:
        StartError: an address that was asked for cannot be listened on.
    """
    port = NO_PORT if settings.http_port is None else settings.http_port
    try:
        return await _started(routes, settings, front, port)
    except StartError as error:
        if "http_port" not in settings.unset:
            raise
        logger.warning("%s, and RUNTIME_HTTP_PORT is not set: HTTP is not served", error.problem)
    return await _started(routes, settings, front, NO_PORT)


async def start_for_metrics(
    routes: Routes, settings: Settings, front: Front
) -> Optional[Transport]:
    """Return a transport at RUNTIME_METRICS_PORT, which listens; None where there is no such port.

    Raises:
        StartError: it cannot be listened on.
    """
    if settings.metrics_port is None:
        return None
    transport = _transport(routes, settings, front)
    try:
        port = await transport.start(settings.host, settings.metrics_port)
    except StartError as error:
        raise StartError(error.problem, "choose another with RUNTIME_METRICS_PORT") from None
    logger.info("metrics at port %d", port)
    return transport


def _transport(routes: Routes, settings: Settings, front: Front) -> HttpTransport:
    lock, security, doors, counts = front
    return HttpTransport(routes, settings, lock, security, doors.model_name, counts)


async def _started(
    routes: Routes, settings: Settings, front: Front, port: int
) -> Optional[Transport]:
    if port == NO_PORT and not settings.http_socket:
        return None
    transport = _transport(routes, settings, front)
    port = await transport.start(settings.host, port, settings.http_socket)
    if port != NO_PORT:
        scheme = "https" if settings.tls_cert else "http"
        logger.info("listening on %s://%s:%d", scheme, settings.host, port)
    if settings.http_socket:
        logger.info("listening on unix:%s (HTTP)", settings.http_socket)
    return transport
