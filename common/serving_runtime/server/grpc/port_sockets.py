"""Count and shut the port's sockets: what grpcio has no public way to do.

grpcio can only stop listening together with everything else, and then calls that are on their way
are lost as CANCELLED. Shutting the listening sockets first lets no new client in, while those
inside are served until their connections have aged out.

What is looked at stays grpc's, whose threads may close it at any moment: that is no error.
"""

import contextlib
import os
import resource
import socket
import stat
from typing import Iterable, Iterator


def stop_accepting(port: int) -> None:
    """Stop listening on ``port``: new clients are refused, and try another server."""
    for connection in _sockets(port):
        if _is_listening(connection):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


def open_connections(port: int) -> int:
    """Return how many connections to ``port`` are open."""
    return sum(1 for connection in _sockets(port) if _is_connected(connection))


def _sockets(port: int) -> Iterator[socket.socket]:
    """Yield each TCP socket of this process that is bound to ``port``; it stays grpc's."""
    for descriptor in _descriptors():
        try:
            if not stat.S_ISSOCK(os.fstat(descriptor).st_mode):
                continue
            found = socket.socket(fileno=descriptor)
        except OSError:  # closed meanwhile, by one of grpc's threads
            continue
        try:
            if _is_bound_to(found, port):
                yield found
        finally:
            found.detach()


def _descriptors() -> Iterable[int]:
    try:
        return [int(name) for name in os.listdir("/proc/self/fd")]
    except OSError:  # to look takes one, and none is left: so it may be any of them
        return range(resource.getrlimit(resource.RLIMIT_NOFILE)[0])


def _is_bound_to(connection: socket.socket, port: int) -> bool:
    try:
        address = connection.getsockname()
    except OSError:
        return False
    return isinstance(address, tuple) and len(address) >= 2 and address[1] == port


def _is_listening(connection: socket.socket) -> bool:
    try:
        return bool(connection.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN))
    except OSError:
        return False


def _is_connected(connection: socket.socket) -> bool:
    """Return whether there is a peer: a socket that was shut has none, though grpc keeps it."""
    try:
        connection.getpeername()
    except OSError:
        return False
    return True
