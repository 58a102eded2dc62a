"""The bytes between the front and a worker: calls one way, replies the other, nothing pickled.

Both ends are this code in one image and one version, over an inherited socket pair, so the layout
may change at will. Every frame is a length, a kind and a body; integers are little-endian.
"""

import struct
from typing import Iterable, List, Mapping, NamedTuple, Optional, Tuple, Union

from serving_runtime.errors import Status

Bytes = Union[bytes, bytearray, memoryview]

HEADER = struct.Struct("<QB")  # body's length in bytes, kind
_KIND_OFFSET = 8
# Parts of frames from this size on are sent by themselves, rather than joined with others.
JOINED_BYTES = 1 << 15
BATCH, CALL, CLOSE, READY, FAILED, REPLY = range(1, 7)
# Frames of which the payload is a place in shared memory, and those that tell of such memory.
PLACED_CALL, PLACED_REPLY, OFFER, FREED, DROPPED = range(7, 12)

_CALL = struct.Struct("<QdHH?")  # id, deadline, lengths of operation and request id, resets_state
_REPLY = struct.Struct("<QBH?")  # id, status, length of details, was_reset
_COUNT = struct.Struct("<I")
# Made once: an enumeration takes ten times as long to look a number up.
_STATUSES = {status.value: status for status in Status}


class GarbledError(ValueError):
    """The bytes are not what this code sends: something else wrote to the socket."""


EMPTY: Mapping[str, str] = {}


class Timings(NamedTuple):
    """How long a worker took for a call, and how many rows the model was given together."""

    decode_seconds: float
    queue_seconds: float
    model_seconds: float
    encode_seconds: float
    rows: int


NO_TIMINGS = Timings(0.0, 0.0, 0.0, 0.0, 0)


class CallFrame(NamedTuple):
    """One request as a worker receives it.

    ``deadline`` is in seconds on the monotonic clock, which all processes of a machine share;
    ``resets_state``: a stateful model forgets what earlier calls have left, just before this one.
    """

    id: int
    operation: str
    request_id: str
    deadline: float
    payload: Bytes
    resets_state: bool = False
    attributes: Mapping[str, str] = EMPTY
    target: str = ""


class ReplyFrame(NamedTuple):
    """A worker's answer to one call: a status, and the payload or one line of details.

    ``was_reset``: the model's state was reset for the call, whatever became of the call itself.
    """

    id: int
    status: Status
    details: str
    payload: Bytes
    was_reset: bool = False
    reason: str = ""
    attributes: Mapping[str, str] = EMPTY
    timings: Timings = NO_TIMINGS


def pack_batch(count: int) -> bytes:
    """Announce that ``count`` CALL frames follow, to be answered together."""
    return HEADER.pack(_COUNT.size, BATCH) + _COUNT.pack(count)


def unpack_batch(body: Bytes) -> int:
    """Read how many calls a BATCH frame announces."""
    return int(_COUNT.unpack(body)[0])


def pack_call(call: CallFrame, place: Optional[bytes] = None) -> Tuple[bytes, Bytes]:
    """Return a CALL frame as its head and its payload, which is not copied.

    Args:
        call: what to send.
        place: where the payload is already; None: it goes with the frame.
    """
    operation, request_id = call.operation.encode(), call.request_id.encode()
    head = _CALL.pack(call.id, call.deadline, len(operation), len(request_id), call.resets_state)
    head += operation + request_id
    if place is not None:
        return pack(PLACED_CALL, head + place), b""
    return HEADER.pack(len(head) + len(call.payload), CALL) + head, call.payload


def unpack_call(body: Bytes) -> CallFrame:
    """Read a CALL frame's body; the payload (or its place) is a view of it."""
    number, deadline, method_size, id_size, resets_state = _CALL.unpack_from(body)
    view = memoryview(body)
    method_end = _CALL.size + method_size
    payload_start = method_end + id_size
    return CallFrame(
        id=number,
        operation=str(view[_CALL.size : method_end], "utf-8"),
        request_id=str(view[method_end:payload_start], "utf-8"),
        deadline=deadline,
        payload=view[payload_start:],
        resets_state=resets_state,
    )


def pack_reply(reply: ReplyFrame, place: Optional[bytes] = None) -> Tuple[bytes, Bytes]:
    """Return a REPLY frame as its head and its payload, which is not copied.

    Args:
        reply: what to send.
        place: as ``pack_call`` takes it.
    """
    details = reply.details.encode("utf-8", "replace")
    head = _REPLY.pack(reply.id, reply.status, len(details), reply.was_reset) + details
    if place is not None:
        return pack(PLACED_REPLY, head + place), b""
    return HEADER.pack(len(head) + len(reply.payload), REPLY) + head, reply.payload


def unpack_reply(body: bytes) -> ReplyFrame:
    """Read a REPLY frame's body; its payload may be a place.

    Raises:
        GarbledError: it is no such body.
    """
    try:
        number, status, size, was_reset = _REPLY.unpack_from(body)
        end = _REPLY.size + size
        details = body[_REPLY.size : end].decode("utf-8")
        return ReplyFrame(number, _STATUSES[status], details, body[end:], was_reset)
    except (struct.error, KeyError, UnicodeDecodeError) as error:
        raise GarbledError(f"no reply: {error!r}") from None


def pack(kind: int, body: bytes = b"") -> bytes:
    """Return a frame of ``kind`` with a body that needs no packing (JSON, or none)."""
    return HEADER.pack(len(body), kind) + body


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


class Splitter:
    """Cut a stream of bytes, arriving in any pieces, into whole frames.

    Args:
        most_bytes: how long a body may be, at most.
    """

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._left = bytearray()
        # How many bytes there must be before another frame is whole.
        self._wanted = HEADER.size

    def split(self, data: bytes) -> List[Tuple[int, bytes]]:
        """Take in more bytes; returns the kind and body of each frame that is whole now.

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
        """Return where the frame that begins at ``start`` ends, as far as that can be told yet."""
        body_start = start + HEADER.size
        if body_start > len(data):
            return body_start
        size: int = HEADER.unpack_from(data, start)[0]
        if size > self._most_bytes:
            raise GarbledError(f"a frame of {size} bytes, more than {self._most_bytes}")
        return body_start + size
