"""The worker's end of the socket pair: whole frames in, whole frames out."""

import socket
from functools import partial
from typing import Iterable, Iterator, List, Optional, Tuple

from serving_runtime import operations, protocols
from serving_runtime.ipc import frames
from serving_runtime.ipc.frames import Bytes, CallFrame, ReplyFrame
from serving_runtime.ipc.shared_payloads import SharedPayloads

# What one read takes in; a larger frame is read into memory of its own.
READ_BYTES = 1 << 16


class Channel:
    """Reads and writes frames on a blocking socket."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._reader = _Reader(connection)
        self._shared = SharedPayloads(partial(protocols.alignment_offset, operations.PREDICT.key))

    def batches(self) -> Iterator[List[CallFrame]]:
        """Yield calls as the front sends them together, until it says CLOSE or is gone."""
        while True:
            self._send(self._shared.notes())
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
        # The notes first: memory that is offered is taken by the time that the next calls come.
        self._send([*self._shared.notes(), *parts])

    def tell(self, kind: int, body: bytes) -> None:
        """Send a READY or FAILED frame."""
        self._connection.sendall(frames.pack(kind, body))

    def _send(self, parts: Iterable[Bytes]) -> None:
        for piece in frames.joined(parts):
            if piece:
                self._connection.sendall(piece)

    def _call(self) -> CallFrame:
        kind, body = self._receive()
        if kind not in (frames.CALL, frames.PLACED_CALL):
            raise ConnectionResetError("the front ended in the middle of a batch")
        call = frames.unpack_call(body)
        if kind == frames.PLACED_CALL:
            return call._replace(payload=self._shared.view(call.payload))
        return call

    def _receive(self) -> Tuple[int, memoryview]:
        """Return the next frame but those about shared memory; CLOSE if the front is gone."""
        while True:
            header = self._reader.read(frames.HEADER.size)
            if header is None:
                return frames.CLOSE, memoryview(b"")
            size, kind = frames.HEADER.unpack(header)
            body = self._reader.read(size)
            if body is None:
                return frames.CLOSE, memoryview(b"")
            if kind not in (frames.OFFER, frames.FREED, frames.DROPPED):
                return kind, body
            self._shared.take(kind, body)


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
        """Receive until ``size`` bytes are there, or more; says whether they are."""
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
