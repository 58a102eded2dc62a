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
import os
import struct
import time
import weakref
from typing import Any, Callable, Deque, Dict, List, Optional, Tuple

from serving_runtime import frames, shared_memory
from serving_runtime.frames import Bytes

# Below this a copy through the socket is quicker.
THRESHOLD_BYTES = 1 << 16
# What one end may take for all that it sends to the other.
MOST_BYTES = 1 << 27
MOST_SEGMENTS = 64
# A segment that was of no use for so long is given back.
IDLE_SECONDS = 10.0
# How far from its beginning a payload may start.
MOST_LEAD_BYTES = 64

_OFFER = struct.Struct("<QQII")  # segment, its size, process id, descriptor
_FREED = struct.Struct("<QB")  # segment, lead
_DROPPED = struct.Struct("<Q")  # segment
_PLACE = struct.Struct("<QQQ")  # segment, offset, length


class SharedPayloads:
    """One end's share in both directions: what it lends to the other end, and what it borrows.

    Args:
        lead_bytes: as the borrower needs it.
        make_room: as the lender needs it.
    """

    def __init__(
        self,
        lead_bytes: Callable[[int], int] = lambda length: 0,
        make_room: Callable[[], None] = lambda: None,
    ) -> None:
        self._lender = Lender(make_room)
        self._borrower = Borrower(lead_bytes)
        self._takers: Dict[int, Callable[[Bytes], None]] = {
            frames.OFFER: self._borrower.accept,
            frames.FREED: self._lender.take_back,
            frames.DROPPED: self._borrower.forget,
        }
        self.place = self._lender.place
        self.view = self._borrower.view
        self.copy = self._borrower.copy

    def take(self, kind: int, body: Bytes) -> None:
        """Take an OFFER, FREED or DROPPED frame of the other end; any other is a GarbledError."""
        try:
            self._takers[kind](body)
        except (KeyError, struct.error) as error:
            raise frames.GarbledError(f"no frame about memory: {kind}, {error!r}") from None

    def notes(self) -> List[bytes]:
        """Return the frames to send to the other end, together with the next that there are."""
        return self._lender.notes() + self._borrower.notes()

    def close(self) -> None:
        """Give all memory back, once there is no other end any more."""
        self._lender.close()
        self._borrower.close()


class Segment:
    """Memory that is shared with the other end, as the end sees it that writes to it."""

    def __init__(self, number: int, size: int) -> None:
        self.number = number
        self.size = size
        self.file, self.memory = shared_memory.create(size)
        # Where the next payload should begin, in the reader's interest.
        self.lead = 0
        self.used = time.monotonic()

    def close(self) -> None:
        """Give the memory back; the other end keeps its own hold of it."""
        self.file.close()
        self.memory.close()


class Lender:
    """The end that writes: makes segments, puts payloads into them, and gets them back.

    Args:
        make_room: called before a segment takes memory, to give back what is not needed.
    """

    def __init__(self, make_room: Callable[[], None] = lambda: None) -> None:
        self._make_room = make_room
        self._segments: Dict[int, Segment] = {}
        self._free: Dict[int, Segment] = {}
        self._notes: List[bytes] = []
        self._made = 0
        # Whether the other end has ever mapped one.
        self._is_taken = False

    def place(self, payload: Bytes) -> Optional[bytes]:
        """Write a payload into a segment and return its place; None: it must go by the socket."""
        size = len(payload)
        if size < THRESHOLD_BYTES:
            return None
        fitting = [each for each in self._free.values() if each.size >= size + each.lead]
        if not fitting:
            self._offer(size)
            return None
        segment = min(fitting, key=lambda each: (each.size, -each.used))
        del self._free[segment.number]
        segment.used = time.monotonic()
        segment.memory[segment.lead : segment.lead + size] = payload
        return _PLACE.pack(segment.number, segment.lead, size)

    def take_back(self, body: Bytes) -> None:
        """Note that the other end has mapped a segment, or needs it no more (a FREED frame)."""
        number, lead = _FREED.unpack(body)
        segment = self._segments[number]
        segment.file.close()  # the other end has the memory
        segment.lead = min(lead, MOST_LEAD_BYTES)
        self._free[number] = segment
        self._is_taken = True

    def notes(self) -> List[bytes]:
        """Return the OFFER and DROPPED frames to send."""
        if self._free:
            self._drop_idle(time.monotonic() - IDLE_SECONDS)
        notes, self._notes = self._notes, []
        return notes

    def close(self) -> None:
        """Give all segments back, used or not."""
        for segment in self._segments.values():
            segment.close()
        self._segments, self._free = {}, {}

    def _offer(self, payload_size: int) -> None:
        """Make a segment for payloads of that size, if the other end takes any and there is room.

        One at first: if the other end cannot map it, no more memory is spent.
        """
        size = _rounded(payload_size + MOST_LEAD_BYTES)
        is_refused = self._made and not self._is_taken
        if is_refused or size > MOST_BYTES or not self._drop_for(size):
            return
        self._make_room()
        try:
            segment = Segment(self._made, size)
        except OSError:  # no memory, or not on this system
            return
        self._made += 1
        self._segments[segment.number] = segment
        offer = _OFFER.pack(segment.number, size, os.getpid(), segment.file.fileno())
        self._notes.append(frames.pack(frames.OFFER, offer))

    def _drop_for(self, size: int) -> bool:
        """Drop what is idle, the longest unused first, until ``size`` more bytes are allowed."""
        for segment in sorted(self._free.values(), key=lambda each: each.used):
            if not self._has_room(size):
                self._drop(segment)
        return self._has_room(size)

    def _has_room(self, size: int) -> bool:
        taken = sum(each.size for each in self._segments.values())
        return taken + size <= MOST_BYTES and len(self._segments) < MOST_SEGMENTS

    def _drop_idle(self, since: float) -> None:
        for segment in [each for each in self._free.values() if each.used < since]:
            self._drop(segment)

    def _drop(self, segment: Segment) -> None:
        del self._free[segment.number], self._segments[segment.number]
        segment.close()
        self._notes.append(frames.pack(frames.DROPPED, _DROPPED.pack(segment.number)))


class Borrower:
    """The end that reads: maps segments, and says when it needs them no more.

    Args:
        lead_bytes: told the length of a payload, says how far after an aligned address the next
            one of that length should begin.
    """

    def __init__(self, lead_bytes: Callable[[int], int]) -> None:
        self._lead_bytes = lead_bytes
        self._memories: Dict[int, mmap.mmap] = {}
        # Of the payloads that are read where they lie; told when nothing refers to one any more.
        self._leases: Dict[int, weakref.ref[Any]] = {}
        # Segments that are free, and the lengths of what they held; appended to by any thread.
        self._freed: Deque[Tuple[int, int]] = collections.deque()

    def accept(self, body: Bytes) -> None:
        """Map a segment that the other end has made (an OFFER frame), if that can be done."""
        number, size, process, descriptor = _OFFER.unpack(body)
        try:
            self._memories[number] = shared_memory.open_from(process, descriptor, size)
        except OSError:  # it is never said to be free, and thus never used
            return
        self._freed.append((number, 0))

    def forget(self, body: Bytes) -> None:
        """Give back a segment that the other end uses no more (a DROPPED frame)."""
        del self._memories[_DROPPED.unpack(body)[0]]

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
            number, offset, length = _PLACE.unpack(place)
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
            notes.append(frames.pack(frames.FREED, _FREED.pack(number, lead)))
        return notes


def _rounded(size: int) -> int:
    """Return a size that payloads of about this one fit into too, at most a sixteenth larger."""
    step = max(mmap.PAGESIZE, 1 << (size.bit_length() - 5))
    return -(-size // step) * step
