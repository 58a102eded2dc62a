"""Pass large payloads between front and worker in shared memory: a socket copies each twice more.

Who has payloads to send makes segments of memory and offers them; the other end maps each, and says
that it is free. From then on payloads are written there, and only their places go through the
socket; the other end says when each segment is free again, and it is used for the next payload,
since fresh memory costs more than the copy. Until a segment is free, and whenever none can be had,
a payload goes through the socket: so an end that cannot map an offer need not even say so.

An offer names the descriptor of a memfd in the sender's process, which the other end opens by way
of /proc. Nothing has a name in a file system, and nothing is left when both processes have ended.
"""

import collections
import ctypes
import mmap
import struct
import weakref
from typing import Any, Callable, Deque, Dict, List, Tuple

from serving_runtime.ipc import frames, memfd
from serving_runtime.ipc.frames import Bytes
from serving_runtime.ipc.segment_writer import (
    DROPPED_FORMAT,
    FREED_FORMAT,
    OFFER_FORMAT,
    PLACE,
    SegmentWriter,
)


class SharedPayloads:
    """One end's share in both directions: what it lends to the other end, and what it borrows.

    Args:
        lead_bytes: as the borrower needs it.
        make_room: as the lender needs it.
    """

    def __init__(
        self,
        alignment_offset: Callable[[int], int] = lambda length: 0,
        make_room: Callable[[], None] = lambda: None,
    ) -> None:
        self._writer = SegmentWriter(make_room)
        self._reader = SegmentReader(alignment_offset)
        self._takers: Dict[int, Callable[[Bytes], None]] = {
            frames.OFFER: self._reader.accept,
            frames.FREED: self._writer.on_released,
            frames.DROPPED: self._reader.forget,
        }
        self.place = self._writer.place
        self.view = self._reader.view
        self.copy = self._reader.copy

    def take(self, kind: int, body: Bytes) -> None:
        """Take an OFFER, FREED or DROPPED frame of the other end; any other is a GarbledError."""
        try:
            self._takers[kind](body)
        except (KeyError, struct.error) as error:
            raise frames.GarbledError(f"no frame about memory: {kind}, {error!r}") from None

    def notes(self) -> List[bytes]:
        """Return the frames to send to the other end, together with the next that there are."""
        return self._writer.notes() + self._reader.notes()

    def close(self) -> None:
        """Give all memory back, once there is no other end any more."""
        self._writer.close()
        self._reader.close()


class SegmentReader:
    """The end that reads: maps segments, and says when it needs them no more.

    Args:
        lead_bytes: told the length of a payload, says how far after an aligned address the next
            one of that length should begin.
    """

    def __init__(self, alignment_offset: Callable[[int], int]) -> None:
        self._lead_bytes = alignment_offset
        self._memories: Dict[int, mmap.mmap] = {}
        # Of the payloads that are read where they lie; told when nothing refers to one any more.
        self._leases: Dict[int, weakref.ref[Any]] = {}
        # Segments that are free, and the lengths of what they held; appended to by any thread.
        self._freed: Deque[Tuple[int, int]] = collections.deque()

    def accept(self, body: Bytes) -> None:
        """Map a segment that the other end has made (an OFFER frame), if that can be done."""
        number, size, process, descriptor = OFFER_FORMAT.unpack(body)
        try:
            self._memories[number] = memfd.open_from(process, descriptor, size)
        except OSError:  # it is never said to be free, and thus never used
            return
        self._freed.append((number, 0))

    def forget(self, body: Bytes) -> None:
        """Give back a segment that the other end uses no more (a DROPPED frame)."""
        del self._memories[DROPPED_FORMAT.unpack(body)[0]]

    def close(self) -> None:
        """Give back all segments that nothing refers to."""
        self._memories = {}

    def view(self, place: Bytes) -> memoryview:
        """Return a payload where it lies; its segment is free when nothing refers to it."""
        memory, number, offset, length = self._found(place)
        # Something that can be referred to weakly, and that keeps the memory: an mmap cannot be.
        owner = (ctypes.c_char * len(memory)).from_buffer(memory)
        freed = self._freed
        self._leases[number] = weakref.ref(owner, lambda _: freed.append((number, length)))
        return memoryview(owner).cast("B")[offset : offset + length]

    def copy(self, place: Bytes) -> bytes:
        """Return a payload's bytes; its segment is free at once."""
        memory, number, offset, length = self._found(place)
        payload = memory[offset : offset + length]
        self._freed.append((number, length))
        return payload

    def _found(self, place: Bytes) -> Tuple[mmap.mmap, int, int, int]:
        try:
            number, offset, length = PLACE.unpack(place)
            memory = self._memories[number]
        except (KeyError, struct.error) as error:
            raise frames.GarbledError(f"no place in memory: {error!r}") from None
        if offset + length > len(memory):
            raise frames.GarbledError("a payload's place is outside of its segment")
        return memory, number, offset, length

    def notes(self) -> List[bytes]:
        """Return the FREED frames to send."""
        notes = []
        while self._freed:
            number, length = self._freed.popleft()
            lead = self._lead_bytes(length)
            notes.append(frames.pack(frames.FREED, FREED_FORMAT.pack(number, lead)))
        return notes
