"""Map the other end's segments of shared memory, and report when each is free again.

See `shared_payloads.py` for what the two ends send each other.
"""

import collections
import ctypes
import mmap
import struct
import weakref
from typing import Any, Callable, Deque, Dict, List, Tuple

from serving_runtime.ipc import frames, memfd
from serving_runtime.ipc.frames import Bytes
from serving_runtime.ipc.segment_writer import DROPPED_FORMAT, FREED_FORMAT, OFFER_FORMAT, PLACE

# Of an operation's key and a payload's length: how far after an aligned address it should begin.
AlignmentOffset = Callable[[str, int], int]


class SegmentReader:
    """The end that reads: maps segments, and reports when it needs them no more.

    Args:
        alignment_offset: asked when a payload's segment is free, of the next payload that is of the
            same operation and length.
    """

    def __init__(self, alignment_offset: AlignmentOffset) -> None:
        self._alignment_offset = alignment_offset
        self._memories: Dict[int, mmap.mmap] = {}
        # Of the payloads that are read where they lie; each calls back when nothing refers to it.
        self._leases: Dict[int, weakref.ref[Any]] = {}
        # Segments that are free, and the operation and length of what they held; appended to by
        # any thread.
        self._freed: Deque[Tuple[int, str, int]] = collections.deque()

    def accept(self, body: Bytes) -> None:
        """Map a segment that the other end has made (an OFFER frame), if that can be done."""
        number, size, process, descriptor = OFFER_FORMAT.unpack(body)
        try:
            self._memories[number] = memfd.open_from(process, descriptor, size)
        except OSError:  # it is never said to be free, and thus never used
            return
        self._freed.append((number, "", 0))

    def forget(self, body: Bytes) -> None:
        """Release a segment that the other end uses no more (a DROPPED frame)."""
        del self._memories[DROPPED_FORMAT.unpack(body)[0]]

    def close(self) -> None:
        """Release all segments that nothing refers to."""
        self._memories = {}

    def view(self, place: Bytes, operation: str) -> memoryview:
        """Return a payload where it lies; its segment is free when nothing refers to it.

        Args:
            place: as the other end has named it.
            operation: whose payload it is, by key.
        """
        memory, number, offset, length = self._found(place)
        # Something that can be referred to weakly, and that keeps the memory: an mmap cannot be.
        owner = (ctypes.c_char * len(memory)).from_buffer(memory)
        freed, entry = self._freed, (number, operation, length)
        self._leases[number] = weakref.ref(owner, lambda _: freed.append(entry))
        return memoryview(owner).cast("B")[offset : offset + length]

    def copy(self, place: Bytes) -> bytes:
        """Return a payload's bytes; its segment is free at once."""
        memory, number, offset, length = self._found(place)
        payload = memory[offset : offset + length]
        self._freed.append((number, "", 0))
        return payload

    def control_frames(self) -> List[bytes]:
        """Return the FREED frames to send."""
        found = []
        while self._freed:
            number, operation, length = self._freed.popleft()
            offset = self._alignment_offset(operation, length) if operation else 0
            found.append(frames.pack(frames.FREED, FREED_FORMAT.pack(number, offset)))
        return found

    def _found(self, place: Bytes) -> Tuple[mmap.mmap, int, int, int]:
        try:
            number, offset, length = PLACE.unpack(place)
            memory = self._memories[number]
        except (KeyError, struct.error) as error:
            raise frames.GarbledError(f"no place in memory: {error!r}") from None
        if offset + length > len(memory):
            raise frames.GarbledError("a payload's place is outside of its segment")
        return memory, number, offset, length
