"""Frames as a stream of bytes: cut it into frames, and join frames into few pieces of it."""

from typing import Iterable, List, Tuple

from serving_runtime.ipc.frames import HEADER, Bytes, GarbledError

_KIND_OFFSET = 8
# Parts of frames from this size on are sent by themselves, rather than joined with others.
JOINED_BYTES = 1 << 15


class Splitter:
    """Cut a stream of bytes, arriving in any pieces, into whole frames.

    Args:
        max_bytes: how long a body may be, at most.
    """

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._left = bytearray()
        # How many bytes there must be before another frame is whole.
        self._wanted = HEADER.size

    def split(self, data: bytes) -> List[Tuple[int, bytes]]:
        """Take in more bytes; return the kind and body of each frame that is whole now.

        Raises:
            GarbledError: a frame says that it is longer than any is.
        """
        if self._left:
            self._left += data
            if len(self._left) < self._wanted:
                return []
            data = bytes(self._left)
            self._left.clear()
        found, start = [], 0
        end = self._end(data, start)
        while end <= len(data):
            found.append((data[start + _KIND_OFFSET], data[start + HEADER.size : end]))
            start = end
            end = self._end(data, start)
        self._left += data[start:]
        self._wanted = end - start
        return found

    def _end(self, data: bytes, start: int) -> int:
        """Return where the frame that begins at ``start`` ends, as far as that is known yet."""
        body_start = start + HEADER.size
        if body_start > len(data):
            return body_start
        size: int = HEADER.unpack_from(data, start)[0]
        if size > self._max_bytes:
            raise GarbledError(f"a frame of {size} bytes, more than {self._max_bytes}")
        return body_start + size


def joined(parts: Iterable[Bytes]) -> List[Bytes]:
    """Return the same bytes in as few pieces as large parts allow, which are not copied."""
    pieces: List[Bytes] = []
    small: List[Bytes] = []
    for part in parts:
        if len(part) < JOINED_BYTES:
            small.append(part)
        else:
            pieces += [b"".join(small), part]
            small = []
    return [*pieces, b"".join(small)]
