"""Start the HTTP transport where it is wanted, and where it may be."""

from typing import Optional

from serving_runtime import logs
from serving_runtime.errors import StartError
from serving_runtime.security import Security
from serving_runtime.server.front_lock import FrontLock
from serving_runtime.server.http.doors import Doors
from serving_runtime.server.http.transport import NO_PORT, HttpTransport
from serving_runtime.server.transport import Routes, Transport
from serving_runtime.settings import Settings

logger = logs.get_logger(__name__)


async def start(
    routes: Routes, settings: Settings, lock: FrontLock, security: Security, doors: Doors
) -> Optional[Transport]:
    """Return the transport, which listens; None where gRPC alone is served.

    Who upgrades never asked for HTTP: where its default port is taken, there is none.

    Raises:
        StartError: an address that was asked for cannot be listened on.
    """
    port = NO_PORT if settings.http_port is None else settings.http_port
    try:
        return await _started(routes, settings, lock, security, doors, port)
    except StartError as error:
        if "http_port" not in settings.unset:
            raise
        logger.warning("%s, and RUNTIME_HTTP_PORT is not set: HTTP is not served", error.problem)
    return await _started(routes, settings, lock, security, doors, NO_PORT)


async def _started(
    routes: Routes,
    settings: Settings,
    lock: FrontLock,
    security: Security,
    doors: Doors,
    port: int,
) -> Optional[Transport]:
    if port == NO_PORT and not settings.http_socket:
        return None
    transport = HttpTransport(routes, settings, lock, security, doors.model_name)
    port = await transport.start(settings.host, port, settings.http_socket)
    if port != NO_PORT:
        scheme = "https" if settings.tls_cert else "http"
        logger.info("listening on %s://%s:%d", scheme, settings.host, port)
    if settings.http_socket:
        logger.info("listening on unix:%s (HTTP)", settings.http_socket)
    return transport
