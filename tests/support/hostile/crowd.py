"""Clients that connect and say nothing, each of which takes a descriptor of the service."""

import contextlib
import os
import selectors
import socket
import threading
from typing import Any

from tests.support.processes import wait_until

POLL_SECONDS = 0.1
MAX_DESCRIPTORS = 256
# Starts a service with so few.
PREFIX = ("prlimit", f"--nofile={MAX_DESCRIPTORS}:{MAX_DESCRIPTORS}")


def idle(address: str) -> socket.socket:
    """Connect, without waiting for anybody to accept."""
    client = socket.socket()
    client.setblocking(False)
    with contextlib.suppress(BlockingIOError):
        client.connect(("127.0.0.1", int(address.rpartition(":")[2])))
    return client


def wait_full(pid: int) -> None:
    """Wait until a process that was started so has no descriptor left."""
    folder = f"/proc/{pid}/fd"
    wait_until(lambda: len(os.listdir(folder)) == MAX_DESCRIPTORS, "no descriptor to be left")


class Crowd:
    """So many idle clients, from ``with`` on; whoever is shown out connects again.

    Args:
        address: of the service.
        count: how many.
    """

    def __init__(self, address: str, count: int) -> None:
        # How often one was shown out.
        self.returned = 0
        self._address, self._count = address, count
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._stay, daemon=True)
        self._clients = selectors.DefaultSelector()

    def __enter__(self) -> "Crowd":
        for _ in range(self._count):
            self._clients.register(idle(self._address), selectors.EVENT_READ)
        self._thread.start()
        return self

    def __exit__(self, *error: Any) -> None:
        self._stopped.set()
        self._thread.join()
        for key in list(self._clients.get_map().values()):
            self._leave(key.fileobj)
        self._clients.close()

    def _stay(self) -> None:
        while not self._stopped.is_set():
            for key, _ in self._clients.select(POLL_SECONDS):
                if not _is_open(key.fileobj):
                    self._leave(key.fileobj)
                    self._clients.register(idle(self._address), selectors.EVENT_READ)
                    self.returned += 1

    def _leave(self, client: Any) -> None:
        self._clients.unregister(client)
        client.close()


def _is_open(client: Any) -> bool:
    """Take what the service says, its settings say; nothing more comes once it hangs up."""
    try:
        return bool(client.recv(1 << 16))
    except BlockingIOError:
        return True
    except OSError:
        return False
