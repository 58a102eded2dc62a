"""The bytes between the front and a worker: calls one way, replies the other, nothing pickled.

Both ends are this code in one image and one version, over an inherited socket pair, so the layout
may change at will. Every frame is a length, a kind and a body; integers are little-endian.
"""

import struct
from typing import NamedTuple, Optional, Tuple, Union

from serving_runtime.errors import Status

Bytes = Union[bytes, bytearray, memoryview]

HEADER = struct.Struct("<QB")  # body's length in bytes, kind
BATCH, CALL, CLOSE, READY, FAILED, REPLY = range(1, 7)
# Frames of which the payload is a place in shared memory, and those that tell of such memory.
PLACED_CALL, PLACED_REPLY, OFFER, FREED, DROPPED = range(7, 12)

_CALL = struct.Struct("<QdHH?")  # id, deadline, lengths of method and request id, resets_state
_REPLY = struct.Struct("<QBH?")  # id, status, length of details, was_reset
_COUNT = struct.Struct("<I")


class Call(NamedTuple):
    """One request as a worker receives it.

    ``deadline`` is in seconds on the monotonic clock, which all processes of a machine share;
    ``resets_state``: a stateful model forgets what earlier calls have left, just before this one.
    """

    id: int
    method: str
    request_id: str
    deadline: float
    payload: Bytes
    resets_state: bool = False


class Reply(NamedTuple):
    """A worker's answer to one call: a status, and the payload or one line of details.

    ``was_reset``: the model's state was reset for the call, whatever became of the call itself.
    """

    id: int
    status: Status
    details: str
    payload: Bytes
    was_reset: bool = False


def pack_batch(count: int) -> bytes:
    """Announce that ``count`` CALL frames follow, to be answered together."""
    return HEADER.pack(_COUNT.size, BATCH) + _COUNT.pack(count)


def unpack_batch(body: Bytes) -> int:
    """Read how many calls a BATCH frame announces."""
    return int(_COUNT.unpack(body)[0])


def pack_call(call: Call, place: Optional[bytes] = None) -> Tuple[bytes, Bytes]:
    """Return a CALL frame as its head and its payload, which is not copied.

    Args:
        call: what to send.
        place: where the payload is already; None: it goes with the frame.
    """
    method, request_id = call.method.encode(), call.request_id.encode()
    head = _CALL.pack(call.id, call.deadline, len(method), len(request_id), call.resets_state)
    head += method + request_id
    if place is not None:
        return pack(PLACED_CALL, head + place), b""
    return HEADER.pack(len(head) + len(call.payload), CALL) + head, call.payload


def unpack_call(body: Bytes) -> Call:
    """Read a CALL frame's body; the payload (or its place) is a view of it."""
    number, deadline, method_size, id_size, resets_state = _CALL.unpack_from(body)
    view = memoryview(body)
    method_end = _CALL.size + method_size
    payload_start = method_end + id_size
    return Call(
        id=number,
        method=str(view[_CALL.size : method_end], "utf-8"),
        request_id=str(view[method_end:payload_start], "utf-8"),
        deadline=deadline,
        payload=view[payload_start:],
        resets_state=resets_state,
    )


def pack_reply(reply: Reply, place: Optional[bytes] = None) -> Tuple[bytes, Bytes]:
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


def unpack_reply(body: bytes) -> Reply:
    """Read a REPLY frame's body; its payload may be a place."""
    number, status, size, was_reset = _REPLY.unpack_from(body)
    end = _REPLY.size + size
    details = body[_REPLY.size : end].decode("utf-8")
    return Reply(number, Status(status), details, body[end:], was_reset)


def pack(kind: int, body: bytes = b"") -> bytes:
    """Return a frame of ``kind`` with a body that needs no packing (JSON, or none)."""
    return HEADER.pack(len(body), kind) + body


class Splitter:
    """Cut a stream of bytes, arriving in any pieces, into whole frames."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> None:
        """Take in more bytes."""
        self._buffer += data

    def next(self) -> Optional[Tuple[int, bytes]]:
        """Return the next whole frame's kind and body, or None if more bytes must come first."""
        if len(self._buffer) < HEADER.size:
            return None
        size, kind = HEADER.unpack_from(self._buffer)
        end = HEADER.size + size
        if len(self._buffer) < end:
            return None
        body = bytes(memoryview(self._buffer)[HEADER.size : end])
        del self._buffer[:end]
        return kind, body
