"""Listen at an address, and hand over each client's socket."""

import asyncio
import contextlib
import errno
import os
import socket
from typing import Callable, List, Tuple

from serving_runtime.errors import StartError
from serving_runtime.server.unix_socket import UnixSocket

BACKLOG = 1024
# Accepted at a time, so that those who are connected are served meanwhile.
AT_ONCE = 64
# After which it is tried again where no descriptor was free.
PAUSE_SECONDS = 0.2


class Listener:
    """The listening sockets of a transport.

    Args:
        accept: takes the socket of a client.
    """

    def __init__(self, accept: Callable[[socket.socket], None]) -> None:
        self._accept = accept
        self._loop = asyncio.get_event_loop()
        self._sockets: List[socket.socket] = []
        self._paths: List[UnixSocket] = []

    def listen(self, host: str, port: int) -> int:
        """Listen at a port of all addresses of a host, and return it (a free one for port 0).

        Raises:
            OSError: one cannot be had.
        """
        addresses = _resolved(host, port)
        for family, address in addresses:
            opened = _opened(family, (address[0], port, *address[2:]))
            self._begin(opened)
            port = opened.getsockname()[1]
        return port

    def listen_at(self, path: str) -> None:
        """Listen on a Unix domain socket as well.

        Raises:
            StartError: the path cannot be listened on.
        """
        place = UnixSocket(path)
        opened = socket.socket(socket.AF_UNIX)
        try:
            with place.placing():
                with contextlib.suppress(
                    OSError
                ):  # of a process of the same number, which was killed
                    os.unlink(place.bound_path)
                opened.bind(place.bound_path)
                opened.listen(BACKLOG)
        except OSError as error:
            opened.close()
            raise StartError(f"cannot listen on the socket {path}: {error.strerror}") from None
        except StartError:
            opened.close()
            raise
        self._paths.append(place)
        self._begin(opened)

    def close(self) -> None:
        """Listen no more; who has connected already is still handed over."""
        for opened in self._sockets:
            self._loop.remove_reader(opened.fileno())
            self._accept_from(opened, BACKLOG)
            self._loop.remove_reader(opened.fileno())
            opened.close()
        self._sockets = []
        for path in self._paths:
            path.remove()

    def _begin(self, opened: socket.socket) -> None:
        opened.setblocking(False)
        self._sockets.append(opened)
        self._resume(opened)

    def _resume(self, opened: socket.socket) -> None:
        if opened in self._sockets:
            self._loop.add_reader(opened.fileno(), self._accept_from, opened, AT_ONCE)

    def _accept_from(self, opened: socket.socket, most: int) -> None:
        for _ in range(most):
            try:
                client, _ = opened.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError:  # no descriptor is free, or no memory: the client waits
                self._loop.remove_reader(opened.fileno())
                self._loop.call_later(PAUSE_SECONDS, self._resume, opened)
                return
            client.setblocking(False)
            self._accept(client)


def _opened(family: int, address: Tuple[object, ...]) -> socket.socket:
    opened = socket.socket(family)
    try:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:  # "::" takes those who come by IPv4, too
            opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, int(address[0] != "::"))
        opened.bind(address)
        opened.listen(BACKLOG)
    except OSError:
        opened.close()
        raise
    return opened


def _resolved(host: str, port: int) -> List[Tuple[int, Tuple[object, ...]]]:
    """Return the addresses of a host; where the machine has no IPv6, ``::`` is every one of IPv4.

    Raises:
        OSError: it has none.
    """
    bare = host.strip("[]")
    if bare == "::" and not _has_ipv6():
        bare = "0.0.0.0"
    found = socket.getaddrinfo(bare, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    return list(dict.fromkeys((int(family), address) for family, _, _, _, address in found))


def _has_ipv6() -> bool:
    if not socket.has_ipv6:
        return False
    try:
        with socket.socket(socket.AF_INET6) as trial:
            trial.bind(("::", 0))
    except OSError as error:
        return error.errno not in (errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL)
    return True
