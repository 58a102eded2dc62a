"""Count and shut the sockets of a port, or of a path: what grpcio has no public way to do.

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
from typing import Container, Iterable, Iterator, Union

# A TCP port, or where a Unix domain socket is bound.
Place = Union[int, str]


def stop_accepting(places: Container[Place]) -> None:
    """Stop listening on some places: new clients are refused, and try another server."""
    for connection in _sockets(places):
        if _is_listening(connection):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


def open_connections(places: Container[Place]) -> int:
    """Return how many connections to some places are open."""
    return sum(1 for connection in _sockets(places) if _is_connected(connection))


def _sockets(places: Container[Place]) -> Iterator[socket.socket]:
    """Yield each socket of this process that is bound to one of them; it stays grpc's."""
    for descriptor in _descriptors():
        try:
            if not stat.S_ISSOCK(os.fstat(descriptor).st_mode):
                continue
            # Whatever its family is: Python 3.6 does not ask, and cuts long names of all others.
            found = socket.socket(socket.AF_UNIX, fileno=descriptor)
        except OSError:  # closed meanwhile, by one of grpc's threads
            continue
        try:
            if _place_of(found) in places:
                yield found
        finally:
            found.detach()


def _descriptors() -> Iterable[int]:
    try:
        return [int(name) for name in os.listdir("/proc/self/fd")]
    except OSError:  # to look takes one, and none is left: so it may be any of them
        return range(resource.getrlimit(resource.RLIMIT_NOFILE)[0])


def _place_of(connection: socket.socket) -> Place:
    """Return where a socket is bound; an empty path for one that is nowhere."""
    try:
        address = connection.getsockname()
    except OSError:
        return ""
    if isinstance(address, tuple):
        return int(address[1]) if len(address) >= 2 else ""
    return address if isinstance(address, str) else ""


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
