"""Pass large payloads between front and worker in shared memory: a socket copies each twice more.

Who has payloads to send makes segments of memory and offers them; the other end maps each, and says
that it is free. From then on payloads are written there, and only their places go through the
socket; the other end says when each segment is free again, and it is used for the next payload,
since fresh memory costs more than the copy. Until a segment is free, and whenever none can be had,
a payload goes through the socket: so an end that cannot map an offer need not even say so.

An offer names the descriptor of a memfd in the sender's process, which the other end opens by way
of /proc. Nothing has a name in a file system, and nothing is left when both processes have ended.
"""

import struct
from typing import Callable, Dict, List, Tuple

from serving_runtime.ipc import frames
from serving_runtime.ipc.frames import Bytes
from serving_runtime.ipc.segment_reader import AlignmentOffset, SegmentReader
from serving_runtime.ipc.segment_writer import MAX_BYTES, SegmentWriter


class SharedPayloads:
    """One end's share in both directions: what it writes for the other end, and what it reads.

    Args:
        alignment_offset: as the reader needs it.
        max_bytes: as the writer needs it.
        make_room: as the writer needs it.
    """

    def __init__(
        self,
        alignment_offset: AlignmentOffset = lambda operation, length: 0,
        max_bytes: int = MAX_BYTES,
        make_room: Callable[[], None] = lambda: None,
    ) -> None:
        self._writer = SegmentWriter(max_bytes, make_room)
        self._reader = SegmentReader(alignment_offset)
        self._actions: Dict[int, Callable[[Bytes], None]] = {
            frames.OFFER: self._reader.accept,
            frames.FREED: self._writer.on_released,
            frames.DROPPED: self._reader.forget,
        }
        self.place = self._writer.place
        self.view = self._reader.view
        self.copy = self._reader.copy

    def bound(self, max_bytes: int) -> None:
        """Take at most so much for what this end sends from now on."""
        self._writer.max_bytes = max_bytes

    @property
    def offered(self) -> Tuple[int, int]:
        """How many segments this end has made, and their bytes."""
        return self._writer.count, self._writer.size_bytes

    def on_control_frame(self, kind: int, body: Bytes) -> None:
        """Act on an OFFER, FREED or DROPPED frame of the other end; others are a GarbledError."""
        try:
            self._actions[kind](body)
        except (KeyError, struct.error) as error:
            raise frames.GarbledError(f"no frame about memory: {kind}, {error!r}") from None

    def control_frames(self) -> List[bytes]:
        """Return the frames to send to the other end, together with the next that there are."""
        return self._writer.control_frames() + self._reader.control_frames()

    def close(self) -> None:
        """Release all memory, once there is no other end any more."""
        self._writer.close()
        self._reader.close()
