"""What both gRPC transports share: everything but the loop that brings the calls."""

import abc
from typing import AsyncIterator, Callable, Dict, List, Optional

import grpc

from serving_runtime.errors import NotAuthenticated, StartError
from serving_runtime.ipc.attributes import BAGGAGE, TRACE_NAMES, TRACEPARENT
from serving_runtime.operations import Operation
from serving_runtime.security import NO_SECURITY, Security
from serving_runtime.server import trace_context
from serving_runtime.server.front_lock import FrontLock
from serving_runtime.server.grpc import port_sockets
from serving_runtime.server.grpc.credentials import server_credentials
from serving_runtime.server.grpc.options import max_age_seconds
from serving_runtime.server.grpc.status import failed
from serving_runtime.server.metrics import GrpcCounts
from serving_runtime.server.transport import (
    NO_ATTRIBUTES,
    REQUEST_ID,
    RESET_STATE,
    Attributes,
    Headers,
    Reply,
    Request,
    Routes,
    Stream,
    Transport,
)
from serving_runtime.server.unix_socket import UnixSocket, refused
from serving_runtime.settings import Settings

# How far grpc's timers and ours may be apart.
TIMER_SECONDS = 0.01


class GrpcTransport(Transport):
    """A gRPC server at one port, with the routes that gRPC has a method for.

    Args:
        routes: the handlers; they are called while holding the lock.
        settings: of messages and connections.
        lock: the front's.
        security: who may call, and by which certificate.
        counts: what is counted.
    """

    def __init__(
        self,
        routes: Routes,
        settings: Settings,
        lock: FrontLock,
        security: Security = NO_SECURITY,
        counts: Optional[GrpcCounts] = None,
    ) -> None:
        self._counts = counts or GrpcCounts()
        self._lock = lock
        self._settings = settings
        self._security = security
        self._routes = _of_grpc(routes)
        self._keys = {row.grpc_method: row.key for rows in self._routes for row in rows}
        self._socket: Optional[UnixSocket] = None
        self._places: List[port_sockets.Place] = []

    async def start(self, host: str, port: int, socket_path: str = "") -> int:
        """Listen, and return the port (a free one for port 0)."""
        taken = self._try_to_listen(f"{host}:{port}")
        if taken == 0:
            raise _port_refused(host, port)
        self._places.append(taken)
        if socket_path:
            self._listen_beside(socket_path)
        await self._serve()
        return taken

    def stop_accepting(self) -> None:
        """Shut the listening sockets, which gRPC itself closes with all else only."""
        port_sockets.stop_accepting(self._places)
        self._remove_socket()

    def announce_close(self) -> float:
        """Do nothing: gRPC asks clients to go when their connection has come of age.

        Its core takes that age once, when the server is made, and has no call to do it sooner.
        """
        return max_age_seconds(self._settings)

    @property
    def open_connections(self) -> int:
        """How many clients are connected."""
        return port_sockets.open_connections(self._places)

    @abc.abstractmethod
    def _listen(self, address: str, credentials: Optional[grpc.ServerCredentials]) -> int:
        """Take a port, and return it; 0, or RuntimeError, if it cannot be had.

        The port of a Unix domain socket is any number but 0.
        """

    @abc.abstractmethod
    async def _serve(self) -> None:
        """Begin to take calls."""

    def _listen_beside(self, path: str) -> None:
        """Listen on a Unix domain socket, too; its clients are served as those of the port."""
        self._socket = UnixSocket(path)
        with self._socket.placing():
            if self._try_to_listen(self._socket.address) == 0:
                raise refused(path, "the system does not allow it; grpc's log has the reason")
        self._places.append(self._socket.bound_path)

    def _try_to_listen(self, address: str) -> int:
        # Anew for each address: core takes their first certificate once.
        credentials = server_credentials(self._security.certificates)
        try:
            return self._listen(address, credentials)
        except RuntimeError:  # newer grpcio's word for it, older ones return 0
            return 0

    def _remove_socket(self) -> None:
        if self._socket is not None:
            self._socket.remove()

    def _refusal(self, method: str, metadata: Headers) -> Optional[Reply]:
        """Return the reply to a call that may not go on, None if it may."""
        access = self._security.access
        if access is None:
            return None
        try:
            access.check(self._keys.get(method, ""), first_values(metadata).get("authorization"))
        except NotAuthenticated as error:
            self._counts.refusals[error.reason] += 1
            return failed(error)
        return None


def _of_grpc(routes: Routes) -> Routes:
    """Return the routes that gRPC has a method for."""
    unary = {row: handler for row, handler in routes.unary.items() if row.grpc_method}
    streams = {row: handler for row, handler in routes.streams.items() if row.grpc_method}
    return Routes(unary, streams)


def first_values(metadata: Headers) -> Dict[str, str]:
    """Return a client's metadata by key; of a key that comes twice, the first."""
    return dict(reversed(metadata))


def read_request(
    operation: Operation,
    payload: bytes,
    metadata: Headers,
    seconds_left: Optional[float],
    respond: Callable[[Reply, Headers], None],
) -> Request:
    """Return the request of a call; whichever transport brought it, it is the same."""
    headers = first_values(metadata)
    return Request(
        operation,
        payload,
        headers.get(REQUEST_ID, ""),
        seconds_left,
        headers.get(RESET_STATE),
        respond,
        "",
        _attributes(headers),
    )


def read_stream(
    operation: Operation,
    messages: AsyncIterator[bytes],
    metadata: Headers,
    seconds_left: Optional[float],
) -> Stream:
    """Return a stream, likewise."""
    headers = first_values(metadata)
    request_id, reset_state = headers.get(REQUEST_ID, ""), headers.get(RESET_STATE)
    attributes = _attributes(headers)
    return Stream(operation, messages, request_id, seconds_left, reset_state, [], attributes)


def _attributes(headers: Dict[str, str]) -> Attributes:
    if TRACEPARENT in headers or BAGGAGE in headers:
        return trace_context.read(*[headers.get(name, "") for name in TRACE_NAMES])
    return NO_ATTRIBUTES


def _port_refused(host: str, port: int) -> StartError:
    return StartError(
        f"cannot listen on {host}:{port}: the port is in use, or the address is foreign",
        "choose another with APP_PORT (or --port) and RUNTIME_HOST; 0 takes a free port",
    )
