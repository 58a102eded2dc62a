"""The bytes between the front and a worker: calls one way, replies the other, nothing pickled.

Both ends are this code in one image and one version, over an inherited socket pair. Every frame is
a length, a kind and a body; integers are little-endian. The rules:

* The front sends BATCH and then as many CALLs, to be answered together. The worker sends one REPLY
  for each, in any order, with a payload or one line of details; what both say beside that are
  attributes (see `attributes.py`), which take no bytes where there are none.
* A payload goes with its frame, or lies in shared memory (PLACED_…; see `shared_payloads.py`).
* CANCEL ends a call early: a reply that comes nevertheless is dropped. Workers that run several
  calls at once stop what waits for something; the others skip it.
* Room for replies in parts, which nothing sends yet: each REPLY of a call but its last has the flag
  MORE, and they are numbered from 0. A worker sends at most ``part_credit`` of them, and one more
  for each that PARTS_TAKEN says the front has passed on. Until workers send parts they skip
  PARTS_TAKEN, and to the front a reply with MORE is no frame of its worker's.
"""

import struct
from typing import Mapping, NamedTuple, Optional, Tuple, Union

from serving_runtime.errors import Status
from serving_runtime.ipc import attributes as attributes_codec
from serving_runtime.ipc.attributes import EMPTY

Bytes = Union[bytes, bytearray, memoryview]

HEADER = struct.Struct("<QB")  # body's length in bytes, kind
BATCH, CALL, CLOSE, READY, FAILED, REPLY = range(1, 7)
# Frames of which the payload is a place in shared memory, and those about such memory.
PLACED_CALL, PLACED_REPLY, OFFER, FREED, DROPPED = range(7, 12)
# From the front to a worker, about calls that it runs.
CANCEL, PARTS_TAKEN = range(12, 14)
# From a worker: what the model's own code has counted, as JSON; before the replies it belongs to.
METRICS = 14

# id, deadline, arrival, lengths of operation, request id, target and attributes, part credit, flags
_CALL = struct.Struct("<QddHHHHHB")
# id, status, flags, part, lengths of details, reason and attributes, signature, the timings
_REPLY = struct.Struct("<QBBIHBHH4dIII")
_COUNT = struct.Struct("<I")
_CANCEL = struct.Struct("<Q")  # id
_PARTS_TAKEN = struct.Struct("<QI")  # id, how many more
_RESETS_STATE = 1
_WAS_RESET, _MORE, _TIMED = 1, 2, 4
# Made once: an enumeration takes ten times as long to look a number up.
_STATUSES = {status.value: status for status in Status}


class GarbledError(ValueError):
    """The bytes are not what this code sends: something else wrote to the socket."""


class Timings(NamedTuple):
    """How long a worker took for a call, in seconds, and how many rows ran with it; 0: unknown.

    ``queue_seconds`` is the wait inside of the worker, from the call's arrival to its run;
    ``model_seconds`` is the whole run's, of all ``rows`` of the batch. ``calls`` is how many ran
    with it, in one reply of each run, and 0 in the others; ``casts``: how many of its inputs were
    converted.
    """

    decode_seconds: float = 0.0
    queue_seconds: float = 0.0
    model_seconds: float = 0.0
    encode_seconds: float = 0.0
    rows: int = 0
    calls: int = 0
    casts: int = 0


NO_TIMINGS = Timings()


class CallFrame(NamedTuple):
    """One request as a worker receives it.

    ``deadline`` is in seconds on the monotonic clock, which all processes of a machine share;
    ``resets_state``: a stateful model forgets what earlier calls have left, just before this one;
    ``target`` is the model that the request's path names; ``part_credit``: how many parts of a
    reply may be on their way; ``arrived``: when the request came, on the same clock, or 0 where
    that is not known.
    """

    id: int
    operation: str
    request_id: str
    deadline: float
    payload: Bytes
    resets_state: bool = False
    attributes: Mapping[str, str] = EMPTY
    target: str = ""
    part_credit: int = 0
    arrived: float = 0.0


class ReplyFrame(NamedTuple):
    """A worker's answer to one call: a status, and the payload or one line of details.

    ``was_reset``: the model's state was reset for the call, whatever became of the call itself;
    ``reason``: why it failed, as ``ServingError.reason`` has it; ``part`` and ``has_more``: which
    part of the answer this is, and whether others follow; ``signature``: the number of the one
    that was called, from 1 in the contract's order, 0 if that is not known.
    """

    id: int
    status: Status
    details: str
    payload: Bytes
    was_reset: bool = False
    reason: str = ""
    attributes: Mapping[str, str] = EMPTY
    timings: Timings = NO_TIMINGS
    part: int = 0
    has_more: bool = False
    signature: int = 0


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

    Raises:
        ValueError: one of the attributes is not on the allow-list.
    """
    (number, operation, request_id, deadline, payload,
     resets_state, attributes, target, credit, arrived) = call  # fmt: skip
    key, request = operation.encode(), request_id.encode()
    model = target.encode() if target else b""
    packed = attributes_codec.pack_of_call(attributes) if attributes else b""
    flags = _RESETS_STATE if resets_state else 0
    head = _CALL.pack(
        number, deadline, arrived, len(key), len(request), len(model), len(packed), credit, flags
    )
    head += key + request + model + packed
    if place is not None:
        return pack(PLACED_CALL, head + place), b""
    return HEADER.pack(len(head) + len(payload), CALL) + head, payload


def unpack_call(body: Bytes) -> CallFrame:
    """Read a CALL frame's body; the payload (or its place) is a view of it."""
    (number, deadline, arrived, key_size, request_size,
     target_size, size, credit, flags) = _CALL.unpack_from(body)  # fmt: skip
    view = memoryview(body)
    key_end = _CALL.size + key_size
    request_end = key_end + request_size
    target_end = request_end + target_size
    end = target_end + size
    return CallFrame(
        number,
        str(view[_CALL.size : key_end], "utf-8"),
        str(view[key_end:request_end], "utf-8"),
        deadline,
        view[end:],
        bool(flags & _RESETS_STATE),
        attributes_codec.unpack(bytes(view[target_end:end])) if size else EMPTY,
        str(view[request_end:target_end], "utf-8") if target_size else "",
        credit,
        arrived,
    )


def pack_reply(reply: ReplyFrame, place: Optional[bytes] = None) -> Tuple[bytes, Bytes]:
    """Return a REPLY frame as its head and its payload, which is not copied.

    Args:
        reply: what to send.
        place: as ``pack_call`` takes it.
    """
    (number, status, details, payload, was_reset,
     reason, attributes, timings, part, has_more, signature) = reply  # fmt: skip
    line = details.encode("utf-8", "replace") if details else b""
    why = reason.encode() if reason else b""
    packed = attributes_codec.pack(attributes) if attributes else b""
    flags = _WAS_RESET if was_reset else 0
    if has_more:
        flags |= _MORE
    if timings is not NO_TIMINGS:
        flags |= _TIMED
    decode, queue, model, encode, rows, calls, casts = timings
    head = _REPLY.pack(
        number, status, flags, part, len(line), len(why), len(packed), signature,
        decode, queue, model, encode, rows, calls, casts,
    )  # fmt: skip
    if line or why or packed:
        head += line + why + packed
    if place is not None:
        return pack(PLACED_REPLY, head + place), b""
    return HEADER.pack(len(head) + len(payload), REPLY) + head, payload


def unpack_reply(body: bytes) -> ReplyFrame:
    """Read a REPLY frame's body; its payload may be a place.

    Raises:
        GarbledError: it is no such body.
    """
    try:
        (number, status, flags, part, details_size, reason_size, size, signature,
         decode, queue, model, encode, rows, calls, casts) = _REPLY.unpack_from(body)  # fmt: skip
        details_end = _REPLY.size + details_size
        reason_end = details_end + reason_size
        end = reason_end + size
        return ReplyFrame(
            number,
            _STATUSES[status],
            body[_REPLY.size : details_end].decode() if details_size else "",
            body[end:],
            bool(flags & _WAS_RESET),
            body[details_end:reason_end].decode() if reason_size else "",
            attributes_codec.unpack(body[reason_end:end]) if size else EMPTY,
            Timings(decode, queue, model, encode, rows, calls, casts)
            if flags & _TIMED
            else NO_TIMINGS,
            part,
            bool(flags & _MORE),
            signature,
        )
    except (struct.error, KeyError, ValueError) as error:
        raise GarbledError(f"no reply: {error!r}") from None


def pack_cancel(number: int) -> bytes:
    """Return the frame that ends a call whose answer is not awaited any more."""
    return pack(CANCEL, _CANCEL.pack(number))


def unpack_cancel(body: Bytes) -> int:
    """Read the id of the call that a CANCEL frame ends."""
    return int(_CANCEL.unpack(body)[0])


def pack_parts_taken(number: int, count: int) -> bytes:
    """Return the frame that allows ``count`` more parts of a call's reply."""
    return pack(PARTS_TAKEN, _PARTS_TAKEN.pack(number, count))


def unpack_parts_taken(body: Bytes) -> Tuple[int, int]:
    """Read the id of a call, and how many more parts of its reply may be sent."""
    number, count = _PARTS_TAKEN.unpack(body)
    return number, count


def pack(kind: int, body: bytes = b"") -> bytes:
    """Return a frame of ``kind`` with a body that needs no packing (JSON, or none)."""
    return HEADER.pack(len(body), kind) + body
