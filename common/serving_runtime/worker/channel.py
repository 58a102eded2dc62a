"""The worker's end of the socket pair: whole frames in, whole frames out."""

import socket
from typing import Iterable, Iterator, List, Optional, Tuple

from serving_runtime.ipc import frames, stream
from serving_runtime.ipc.frames import Bytes, CallFrame, ReplyFrame
from serving_runtime.ipc.segment_reader import AlignmentOffset
from serving_runtime.ipc.shared_payloads import SharedPayloads
from serving_runtime.metrics import CHANGES

# What one read takes in; a larger frame is read into memory of its own.
READ_BYTES = 1 << 16
ABOUT_MEMORY = (frames.OFFER, frames.FREED, frames.DROPPED)
# About replies in parts, which no worker sends yet: nothing follows from them.
ABOUT_PARTS = (frames.CANCEL, frames.PARTS_TAKEN)


class Channel:
    """Reads and writes frames on a blocking socket.

    Args:
        connection: the worker's end of the socket pair.
        alignment_offset: where the payload of an operation, of some length, should begin, so that
            the arrays in it need no copy; 0 for all without one.
    """

    def __init__(
        self,
        connection: socket.socket,
        alignment_offset: AlignmentOffset = lambda operation, length: 0,
    ) -> None:
        self._connection = connection
        self._reader = _Reader(connection)
        self._shared = SharedPayloads(alignment_offset)

    def bound_shared_memory(self, max_bytes: int) -> None:
        """Take at most so much shared memory for replies."""
        self._shared.bound(max_bytes)

    def batches(self) -> Iterator[List[CallFrame]]:
        """Yield calls as the front sends them together, until it sends CLOSE or is gone."""
        while True:
            self._send(self._shared.control_frames())
            kind, body = self._receive()
            if kind != frames.BATCH:
                return
            yield [self._call() for _ in range(frames.unpack_batch(body))]

    def reply(self, reply: ReplyFrame) -> None:
        """Send the answer to one call."""
        self.replies([reply])

    def replies(self, replies: Iterable[ReplyFrame]) -> None:
        """Send answers together."""
        parts: List[Bytes] = []
        for reply in replies:
            parts.extend(frames.pack_reply(reply, self._shared.place(reply.payload)))
        if CHANGES.pending:  # of the model's own metrics, counted before its calls are answered
            parts.insert(0, frames.pack(frames.METRICS, CHANGES.take()))
        # Control frames first: offered memory is mapped by the time that the next calls come.
        self._send([*self._shared.control_frames(), *parts])

    def announce(self, kind: int, body: bytes) -> None:
        """Send a READY or FAILED frame."""
        self._connection.sendall(frames.pack(kind, body))

    def _send(self, parts: Iterable[Bytes]) -> None:
        for piece in stream.joined(parts):
            if piece:
                self._connection.sendall(piece)

    def _call(self) -> CallFrame:
        kind, body = self._receive()
        if kind not in (frames.CALL, frames.PLACED_CALL):
            raise ConnectionResetError("the front ended in the middle of a batch")
        call = frames.unpack_call(body)
        if kind == frames.PLACED_CALL:
            return call._replace(payload=self._shared.view(call.payload, call.operation))
        return call

    def _receive(self) -> Tuple[int, memoryview]:
        """Return the next frame that is about calls; CLOSE if the front is gone."""
        while True:
            header = self._reader.read(frames.HEADER.size)
            if header is None:
                return frames.CLOSE, memoryview(b"")
            size, kind = frames.HEADER.unpack(header)
            body = self._reader.read(size)
            if body is None:
                return frames.CLOSE, memoryview(b"")
            if kind in ABOUT_MEMORY:
                self._shared.on_control_frame(kind, body)
            elif kind not in ABOUT_PARTS:
                return kind, body


class _Reader:
    """Reads a stream many frames at a time; all that it gives out is writable."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._scratch = memoryview(bytearray(READ_BYTES))
        # What was received and not given out yet.
        self._left = memoryview(b"")

    def read(self, size: int) -> Optional[memoryview]:
        """Return the next ``size`` bytes, or None if the stream ends before."""
        if len(self._left) < size and not self._fill(size):
            return None
        wanted, self._left = self._left[:size], self._left[size:]
        return wanted

    def _fill(self, size: int) -> bool:
        """Receive until ``size`` bytes are there, or more; return whether they are."""
        if size > READ_BYTES:
            return self._receive_into(bytearray(size), size)
        while len(self._left) < size:
            count = self._connection.recv_into(self._scratch)
            if count == 0:
                return False
            # Copied: what was given out stays as it is, for as long as a model keeps it.
            self._left = memoryview(bytearray().join([self._left, self._scratch[:count]]))
        return True

    def _receive_into(self, buffer: bytearray, size: int) -> bool:
        """Receive just ``size`` bytes, a large payload's, into a buffer of their own."""
        view, done = memoryview(buffer), len(self._left)
        view[:done] = self._left
        while done < size:
            count = self._connection.recv_into(view[done:])
            if count == 0:
                return False
            done += count
        self._left = view
        return True
