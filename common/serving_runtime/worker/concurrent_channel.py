"""The worker's end of the socket pair where several calls run at once."""

import socket
import sys
import threading
from typing import Callable, Iterable, List

from serving_runtime.ipc import frames
from serving_runtime.ipc.frames import CallFrame, ReplyFrame
from serving_runtime.ipc.stream import Splitter
from serving_runtime.worker.channel import ABOUT_MEMORY, Channel

READ_BYTES = 1 << 18


class ConcurrentChannel(Channel):
    """Reads without waiting, in one thread, and writes in any.

    Args:
        on_calls: takes calls as the front sends them together.
        on_cancel: takes the id of a call that is not awaited any more.
    """

    def __init__(
        self,
        channel: Channel,
        on_calls: Callable[[List[CallFrame]], None],
        on_cancel: Callable[[int], None],
    ) -> None:
        # In place of the one that the worker began with, of which nothing was read yet.
        self._connection = channel._connection
        self._shared = channel._shared
        self._on_calls = on_calls
        self._on_cancel = on_cancel
        # Of the memory that is shared, and of the socket's other direction.
        self._lock = threading.Lock()
        self._splitter = Splitter(sys.maxsize)
        self._calls: List[CallFrame] = []
        self._expected = 0

    @property
    def descriptor(self) -> int:
        """What becomes readable when something has come."""
        return self._connection.fileno()

    def read(self) -> bool:
        """Take what has come; return False once the front has sent CLOSE, or is gone."""
        try:
            data = self._connection.recv(READ_BYTES, socket.MSG_DONTWAIT)
        except (BlockingIOError, InterruptedError):
            return True
        return bool(data) and all(
            self._take(kind, body) for kind, body in self._splitter.split(data)
        )

    def replies(self, replies: Iterable[ReplyFrame]) -> None:
        """Send answers together; any thread may."""
        with self._lock:
            super().replies(replies)

    def give_back_memory(self) -> None:
        """Report what shared memory nothing refers to any more; any thread may."""
        with self._lock:
            self._send(self._shared.control_frames())

    def _take(self, kind: int, body: bytes) -> bool:
        """Act on a frame; return whether others may follow."""
        if kind == frames.BATCH:
            self._expected = frames.unpack_batch(body)
        elif kind in (frames.CALL, frames.PLACED_CALL):
            self._take_call(kind, body)
        elif kind == frames.CANCEL:
            self._on_cancel(frames.unpack_cancel(body))
        elif kind in ABOUT_MEMORY:
            with self._lock:
                self._shared.on_control_frame(kind, body)
        return kind != frames.CLOSE

    def _take_call(self, kind: int, body: bytes) -> None:
        call = frames.unpack_call(bytearray(body))  # the model may write to it
        if kind == frames.PLACED_CALL:
            call = call._replace(payload=self._shared.view(call.payload, call.operation))
        self._calls.append(call)
        if len(self._calls) == self._expected:
            calls, self._calls = self._calls, []
            self._on_calls(calls)
