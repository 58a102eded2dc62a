"""The front's end of a worker's socket: any thread that holds the front lock reads and writes."""

import asyncio
import collections
import contextlib
import socket
from typing import Callable, Deque, Iterable

from serving_runtime.ipc.frames import Bytes
from serving_runtime.server.front_lock import FrontLock

READ_BYTES = 1 << 18


class WorkerSocket:
    """A stream to a worker that never waits: what there is no room for, the event loop sends later.

    Args:
        connection: our end of the socket pair; closed at the end.
        lock: of the front.
        on_data: takes what has come, while holding the front lock.
        on_end: called in the event loop once the other end has closed.
    """

    def __init__(
        self,
        connection: socket.socket,
        lock: FrontLock,
        on_data: Callable[[bytes], None],
        on_end: Callable[[], None],
    ) -> None:
        self._connection = connection
        self._lock = lock
        self._on_data = on_data
        self._on_end = on_end
        self._unsent: Deque[memoryview] = collections.deque()
        self._is_at_end = False
        self._loop = asyncio.get_event_loop()
        connection.setblocking(False)
        self._loop.add_reader(connection.fileno(), self._on_readable)

    def read(self) -> None:
        """Take what has come, if anything; while holding the front lock, so in order.

        Under load this saves waiting for the event loop, which learns of the same bytes.
        """
        self._lock.assert_held()
        try:
            data = self._connection.recv(READ_BYTES)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            data = b""
        if data:
            self._on_data(data)
        else:
            self._is_at_end = True

    def write(self, pieces: Iterable[Bytes]) -> None:
        """Send as much as there is room for, and the rest when there is."""
        self._lock.assert_held()
        is_waiting = bool(self._unsent)
        self._unsent.extend(map(memoryview, pieces))
        if not is_waiting and not self._send():
            self._loop.call_soon_threadsafe(self._await_room)

    def shut(self) -> None:
        """End it, also if unknown processes have the other end open."""
        with contextlib.suppress(OSError):  # it has ended already
            self._connection.shutdown(socket.SHUT_RDWR)

    @property
    def _is_closed(self) -> bool:
        return self._connection.fileno() < 0

    def _on_readable(self) -> None:
        with self._lock:
            self.read()
        if self._is_at_end:
            self._close()

    def _on_writable(self) -> None:
        with self._lock:
            if self._send():
                self._loop.remove_writer(self._connection.fileno())

    def _await_room(self) -> None:
        if not self._is_closed:
            self._loop.add_writer(self._connection.fileno(), self._on_writable)

    def _send(self) -> bool:
        """Send what there is room for; return whether that was everything."""
        try:
            while self._unsent:
                sent = self._connection.send(self._unsent[0])
                self._unsent[0] = self._unsent[0][sent:]
                if not self._unsent[0]:
                    self._unsent.popleft()
        except (BlockingIOError, InterruptedError):
            return False
        except OSError:  # it ended, as the loop is about to learn
            self._unsent.clear()
        return True

    def _close(self) -> None:
        self._loop.remove_reader(self._connection.fileno())
        self._loop.remove_writer(self._connection.fileno())
        self._connection.close()
        self._on_end()
