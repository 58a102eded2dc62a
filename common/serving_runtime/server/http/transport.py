"""Serve by HTTP: accept connections, take their requests to the handlers, and shut down in time."""

import asyncio
import concurrent.futures
import resource
import socket
import sys
import threading
import time
from typing import Any, Callable, Dict, Optional, Set

from serving_runtime import logs
from serving_runtime.errors import ServingError, StartError
from serving_runtime.security import NO_SECURITY, Security
from serving_runtime.server.front_lock import FrontLock
from serving_runtime.server.http.arriving import ArrivingBodies
from serving_runtime.server.http.certificates import TlsContexts
from serving_runtime.server.http.connection import HttpConnection
from serving_runtime.server.http.gate import Gate
from serving_runtime.server.http.host import ConnectionHost
from serving_runtime.server.http.limits import Limits
from serving_runtime.server.http.listener import Listener
from serving_runtime.server.http.origins import Origins
from serving_runtime.server.http.refusals import Refusal
from serving_runtime.server.http.replies import ReplyWriter
from serving_runtime.server.http.routes import RouteTable
from serving_runtime.server.http.states import State
from serving_runtime.server.http.submission import Submission
from serving_runtime.server.metrics import HttpCounts
from serving_runtime.server.transport import Routes, Transport
from serving_runtime.settings import Settings

logger = logs.get_logger(__name__)

LOOK_SECONDS = 0.5
HANDSHAKE_SECONDS = 10.0
# While shutting down, clients that have been idle for so long are told to go; all others are told
# with their next reply, so that no request crosses the end of its connection.
QUIET_SECONDS = 1.0
THREADS = 2
# Connections beyond the most that may be: so many are still answered, 503 or about health.
MAX_SURPLUS = 256
# Left for all else that the front opens: gRPC's connections, the workers' sockets, files.
OTHER_DESCRIPTORS = 256
# Where to listen on a socket alone.
NO_PORT = -1


class HttpTransport(Transport, ConnectionHost):
    """A server of HTTP/1.1, with the routes that HTTP has a path for.

    Args:
        routes: the handlers; they are called while holding the lock.
        settings: of messages and connections.
        lock: the front's.
        security: who may call, and by which certificate.
        model_name: returns what the model is called, once that is known.
        counts: what is counted.
    """

    def __init__(
        self,
        routes: Routes,
        settings: Settings,
        lock: FrontLock,
        security: Security = NO_SECURITY,
        model_name: Callable[[], str] = str,
        counts: Optional[HttpCounts] = None,
    ) -> None:
        self.lock = lock
        self.limits = Limits.of(settings)
        table = RouteTable(routes, settings, model_name, counts)
        self.counts = table.counts
        origins = Origins(settings.cors_origins)
        self.gate = Gate(table, security.access, origins, self.limits)
        self.arriving, self.submission = ArrivingBodies(), Submission(lock)
        self.writer = ReplyWriter()
        self.loop = asyncio.get_event_loop()
        self.loop_thread = threading.get_ident()
        self.is_closing = False
        self._tls = TlsContexts(security.certificates, settings)
        self._max_connections = min(settings.http_max_connections, _descriptors())
        self._listener = Listener(self._accept)
        # In the order of their opening.
        self._connections: Dict[HttpConnection, None] = {}
        # Those that are becoming connections, which may take a handshake.
        self._opening: Set[asyncio.Future[None]] = set()
        self._threads: Optional[concurrent.futures.Executor] = None
        self._look: Optional[asyncio.TimerHandle] = None

    async def start(self, host: str, port: int, socket_path: str = "") -> int:
        """Listen, and return the port (a free one for port 0; none for ``NO_PORT``)."""
        self._tls.current()
        try:
            if port != NO_PORT:
                port = self._listener.listen(host, port)
        except OSError as error:
            self._listener.close()
            raise _port_refused(host, port, error) from None
        if socket_path:
            self._listener.listen_at(socket_path)
        self._look_around()
        return port

    def bound_messages(self, max_bytes: int) -> None:
        """Refuse larger bodies by their heads, or where they come in chunks, as they grow."""
        self.limits = self.limits._replace(max_body_bytes=max_bytes)
        self.gate.max_body_bytes = max_bytes
        for connection in self._connections:
            connection.bound(self.limits)

    def bound_arrivals(self, max_calls: int) -> None:
        """Read the bodies of at most so many calls for the model at a time."""
        self.arriving.bound(max_calls)

    def pass_on_arrivals(self) -> None:
        """Read the bodies of all calls that are held back."""
        self.arriving.pass_on()

    def shed(self, refusal: Optional[ServingError]) -> int:
        """Refuse the calls that come, and those whose body is arriving, but for the oldest."""
        self.gate.shedding = refusal
        return self.arriving.shed(refusal) if refusal is not None else 0

    def stop_accepting(self) -> None:
        """Refuse new connections."""
        self._listener.close()

    def announce_close(self) -> float:
        """End each connection with its next reply, and those that are idle."""
        self.is_closing = True
        return QUIET_SECONDS + 2 * LOOK_SECONDS

    @property
    def open_connections(self) -> int:
        """How many clients are connected."""
        return len(self._connections) + len(self._opening)

    async def stop(self, grace_seconds: float) -> None:
        """Close what is open; calls that still run after the grace are cancelled."""
        self._listener.close()
        self.is_closing = True
        for connection in list(self._connections):
            connection.close_idle()
        until = time.monotonic() + grace_seconds
        while self._connections and time.monotonic() < until:
            await asyncio.sleep(0.01)
        for connection in list(self._connections):
            connection.abort()
        for opening in self._opening:
            opening.cancel()
        await asyncio.sleep(0)  # asyncio closes them in its next round
        if self._look is not None:
            self._look.cancel()
        if self._threads is not None:
            self._threads.shutdown(wait=False)

    def in_thread(self, work: Callable[[], Any], then: Callable[[Any], None]) -> None:
        """Do what takes long in a thread; then hand over its result, or the Refusal it raised."""
        if self._threads is None:
            self._threads = concurrent.futures.ThreadPoolExecutor(THREADS)
        future = self.loop.run_in_executor(self._threads, work)
        future.add_done_callback(lambda done: then(_outcome(done)))

    def on_open(self, connection: HttpConnection) -> None:
        """Note a new connection; where there are too many, an idle one gives way."""
        if len(self._connections) >= self._max_connections:
            idle = [it for it in self._connections if it.state is State.IDLE]
            longest = min(idle, key=lambda it: it.due, default=None)
            connection.is_surplus = longest is None or not longest.close_idle()
        self._connections[connection] = None

    def on_closed(self, connection: HttpConnection) -> None:
        """Note that one is no more."""
        self._connections.pop(connection, None)
        self.arriving.end(connection)

    def _accept(self, client: socket.socket) -> None:
        if self.open_connections >= self._max_connections + MAX_SURPLUS:
            client.close()
            return
        opening = self.loop.create_task(self._open(client))
        self._opening.add(opening)
        opening.add_done_callback(self._on_opened)

    async def _open(self, client: socket.socket) -> None:
        """Make a connection of a client's socket; a handshake that fails, or stalls, ends it."""
        tls = self._tls.current()
        opening = self.loop.connect_accepted_socket(lambda: HttpConnection(self), client, ssl=tls)
        try:
            await (opening if tls is None else asyncio.wait_for(opening, HANDSHAKE_SECONDS))
        except BaseException:
            client.close()
            raise

    def _on_opened(self, opening: "asyncio.Future[None]") -> None:
        self._opening.discard(opening)
        if not opening.cancelled():
            opening.exception()  # what a client does wrong is not for the log

    def _look_around(self) -> None:
        self._look = self.loop.call_later(LOOK_SECONDS, self._look_around)
        self.writer.tick()
        now = time.monotonic()
        idle_until = now + self.limits.idle_seconds - QUIET_SECONDS
        for connection in list(self._connections):
            if connection.due <= now:
                connection.on_due(now)
            elif self.is_closing and connection.due <= idle_until:
                connection.close_idle()


def _descriptors() -> int:
    """Return how many descriptors the connections may take."""
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    if limit == resource.RLIM_INFINITY:
        return sys.maxsize
    return max(limit // 4, limit - OTHER_DESCRIPTORS - MAX_SURPLUS)


def _outcome(done: "asyncio.Future[Any]") -> Any:
    """Return a result, or the Refusal that was raised in its stead."""
    try:
        return done.result()
    except Refusal as refusal:
        return refusal


def _port_refused(host: str, port: int, error: OSError) -> StartError:
    return StartError(
        f"cannot listen on {host}:{port} for HTTP: {error.strerror or error}",
        "choose another with RUNTIME_HTTP_PORT (or --http-port) and RUNTIME_HOST; 0 takes a free "
        "port, off serves gRPC alone",
    )
