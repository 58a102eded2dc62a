"""The worker's end of the socket pair: whole frames in, whole frames out."""

import socket
from typing import Iterator, List, Optional, Tuple

from serving_runtime import frames
from serving_runtime.frames import Call, Reply


class Channel:
    """Reads and writes frames on a blocking socket."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection

    def batches(self) -> Iterator[List[Call]]:
        """Yield calls as the front sends them together, until it says CLOSE or is gone."""
        while True:
            kind, body = self._receive()
            if kind != frames.BATCH:
                return
            yield [self._call() for _ in range(frames.unpack_batch(body))]

    def reply(self, reply: Reply) -> None:
        """Send the answer to one call."""
        head, payload = frames.pack_reply(reply)
        self._connection.sendall(head)
        self._connection.sendall(payload)

    def tell(self, kind: int, body: bytes) -> None:
        """Send a READY or FAILED frame."""
        self._connection.sendall(frames.pack(kind, body))

    def _call(self) -> Call:
        kind, body = self._receive()
        if kind != frames.CALL:
            raise ConnectionResetError("the front ended in the middle of a batch")
        return frames.unpack_call(body)

    def _receive(self) -> Tuple[int, bytearray]:
        header = self._exactly(frames.HEADER.size)
        if header is None:
            return frames.CLOSE, bytearray()
        size, kind = frames.HEADER.unpack(header)
        body = self._exactly(size)
        return (frames.CLOSE, bytearray()) if body is None else (kind, body)

    def _exactly(self, size: int) -> Optional[bytearray]:
        """Read ``size`` bytes into a buffer of their own, or None if the front is gone."""
        buffer = bytearray(size)
        view = memoryview(buffer)
        while view:
            count = self._connection.recv_into(view)
            if count == 0:
                return None
            view = view[count:]
        return buffer
