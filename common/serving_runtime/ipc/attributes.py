"""What a call or a reply says beside its payload: short strings by name, in a few bytes.

A call's names are an allow-list, since what they hold may come from a client: no other header or
parameter gets as far as a worker. A reply's names are the worker's own.
"""

import struct
import types
from typing import FrozenSet, Mapping

ACCEPT = "accept"
CONTENT_TYPE = "content-type"
HEADER_LENGTH = "inference-header-content-length"  # where JSON ends and binary data begins
MODEL_VERSION = "model-version"
STATISTICS = "statistics"  # what the front has counted, where that is asked for: `ipc/totals.py`
# W3C's, of the trace that a call is part of; their form was checked.
TRACEPARENT = "traceparent"
TRACESTATE = "tracestate"
BAGGAGE = "baggage"
TRACE_NAMES = (TRACEPARENT, TRACESTATE, BAGGAGE)
PROBLEMS = "problems"  # of a failed call: the kinds of what was wrong, with commas; for the front

CALL_ATTRIBUTES: FrozenSet[str] = frozenset(
    (ACCEPT, CONTENT_TYPE, HEADER_LENGTH, MODEL_VERSION, STATISTICS, *TRACE_NAMES)
)
# One for all: a call without any costs no mapping of its own.
EMPTY: Mapping[str, str] = types.MappingProxyType({})

_SIZES = struct.Struct("<BH")  # of the name, of the value


def pack(attributes: Mapping[str, str]) -> bytes:
    """Return attributes as bytes.

    Raises:
        struct.error: a name has more than 255 bytes, or a value more than 65535.
    """
    parts = []
    for name, value in attributes.items():
        name_bytes, value_bytes = name.encode(), value.encode("utf-8", "replace")
        parts += [_SIZES.pack(len(name_bytes), len(value_bytes)), name_bytes, value_bytes]
    return b"".join(parts)


def pack_of_call(attributes: Mapping[str, str]) -> bytes:
    """Return the attributes of a call as bytes.

    Raises:
        ValueError: one is not on the allow-list: too much was passed on.
    """
    unknown = attributes.keys() - CALL_ATTRIBUTES
    if unknown:
        raise ValueError(f"{sorted(unknown)} are no attributes of a call")
    return pack(attributes)


def unpack(packed: bytes) -> Mapping[str, str]:
    """Read what ``pack`` has written.

    Raises:
        ValueError: it is something else.
    """
    found, start = {}, 0
    while start < len(packed):
        if start + _SIZES.size > len(packed):
            raise ValueError("attributes that end within one")
        name_size, value_size = _SIZES.unpack_from(packed, start)
        name_start = start + _SIZES.size
        value_start = name_start + name_size
        start = value_start + value_size
        if start > len(packed):
            raise ValueError("attributes that end within one")
        found[packed[name_start:value_start].decode()] = packed[value_start:start].decode()
    return found
