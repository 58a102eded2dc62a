"""Make segments of shared memory, and write payloads to those that the other end has freed.

See `shared_payloads.py` for what the two ends send each other.
"""

import mmap
import os
import struct
import time
from typing import Callable, Dict, List, Optional

from serving_runtime.ipc import frames, memfd
from serving_runtime.ipc.frames import Bytes

# Below this a copy through the socket is quicker.
THRESHOLD_BYTES = 1 << 16
MAX_SEGMENTS = 64
# What one end may take unless it is given another bound (RUNTIME_MAX_SHARED_BYTES).
MAX_BYTES = 1 << 27
# A segment that was not used for so long is released.
IDLE_SECONDS = 10.0
# How far from its beginning a payload may start.
MAX_ALIGNMENT_OFFSET = 64

OFFER_FORMAT = struct.Struct("<QQII")  # segment, its size, process id, descriptor
FREED_FORMAT = struct.Struct("<QB")  # segment, alignment offset
DROPPED_FORMAT = struct.Struct("<Q")  # segment
PLACE = struct.Struct("<QQQ")  # segment, offset, length


class Segment:
    """Memory that is shared with the other end, as the end sees it that writes to it."""

    def __init__(self, number: int, size: int) -> None:
        self.number = number
        self.size = size
        self.file, self.memory = memfd.create(size)
        # Where the next payload should begin, in the reader's interest.
        self.alignment_offset = 0
        self.used = time.monotonic()

    def close(self) -> None:
        """Release the memory; the other end keeps its own mapping of it."""
        self.file.close()
        self.memory.close()


class SegmentWriter:
    """The end that writes: makes segments, puts payloads into them, and gets them back.

    Args:
        max_bytes: what this end may take for all that it sends to the other.
        make_room: called before a segment takes memory, to release what is not needed.
    """

    def __init__(
        self, max_bytes: int = MAX_BYTES, make_room: Callable[[], None] = lambda: None
    ) -> None:
        self.max_bytes = max_bytes
        self._make_room = make_room
        self._segments: Dict[int, Segment] = {}
        self._free: Dict[int, Segment] = {}
        self._control_frames: List[bytes] = []
        self._made = 0
        # Whether the other end has ever mapped one.
        self._is_mapped = False

    @property
    def count(self) -> int:
        """How many segments there are."""
        return len(self._segments)

    @property
    def size_bytes(self) -> int:
        """How much memory they have."""
        return sum(each.size for each in self._segments.values())

    def place(self, payload: Bytes) -> Optional[bytes]:
        """Write a payload into a segment and return its place; None: it must go by the socket."""
        size = len(payload)
        if size < THRESHOLD_BYTES:
            return None
        fitting = [
            each for each in self._free.values() if each.size >= size + each.alignment_offset
        ]
        if not fitting:
            self._offer(size)
            return None
        segment = min(fitting, key=lambda each: (each.size, -each.used))
        del self._free[segment.number]
        segment.used = time.monotonic()
        segment.memory[segment.alignment_offset : segment.alignment_offset + size] = payload
        return PLACE.pack(segment.number, segment.alignment_offset, size)

    def on_released(self, body: Bytes) -> None:
        """Note that the other end has mapped a segment, or needs it no more (a FREED frame)."""
        number, offset = FREED_FORMAT.unpack(body)
        segment = self._segments[number]
        segment.file.close()  # the other end has the memory
        segment.alignment_offset = min(offset, MAX_ALIGNMENT_OFFSET)
        self._free[number] = segment
        self._is_mapped = True

    def control_frames(self) -> List[bytes]:
        """Return the OFFER and DROPPED frames to send."""
        if self._free:
            self._drop_idle(time.monotonic() - IDLE_SECONDS)
        found, self._control_frames = self._control_frames, []
        return found

    def close(self) -> None:
        """Release all segments, used or not."""
        for segment in self._segments.values():
            segment.close()
        self._segments, self._free = {}, {}

    def _offer(self, payload_size: int) -> None:
        """Make a segment for payloads of that size, if the other end takes any and there is room.

        One at first: if the other end cannot map it, no more memory is spent.
        """
        size = _rounded(payload_size + MAX_ALIGNMENT_OFFSET)
        is_refused = self._made and not self._is_mapped
        if is_refused or size > self.max_bytes or not self._drop_for(size):
            return
        self._make_room()
        try:
            segment = Segment(self._made, size)
        except OSError:  # no memory, or not on this system
            return
        self._made += 1
        self._segments[segment.number] = segment
        offer = OFFER_FORMAT.pack(segment.number, size, os.getpid(), segment.file.fileno())
        self._control_frames.append(frames.pack(frames.OFFER, offer))

    def _drop_for(self, size: int) -> bool:
        """Drop what is idle, the longest unused first, until ``size`` more bytes are allowed."""
        for segment in sorted(self._free.values(), key=lambda each: each.used):
            if not self._has_room(size):
                self._drop(segment)
        return self._has_room(size)

    def _has_room(self, size: int) -> bool:
        return self.size_bytes + size <= self.max_bytes and len(self._segments) < MAX_SEGMENTS

    def _drop_idle(self, since: float) -> None:
        for segment in [each for each in self._free.values() if each.used < since]:
            self._drop(segment)

    def _drop(self, segment: Segment) -> None:
        del self._free[segment.number], self._segments[segment.number]
        segment.close()
        self._control_frames.append(
            frames.pack(frames.DROPPED, DROPPED_FORMAT.pack(segment.number))
        )


def _rounded(size: int) -> int:
    """Return a size that payloads of about this one fit into too, at most a sixteenth larger."""
    step = max(mmap.PAGESIZE, 1 << (size.bit_length() - 5))
    return -(-size // step) * step
