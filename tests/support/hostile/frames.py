"""Write HTTP/2 frames in great numbers, and in orders that no client sends them in.

See: https://www.rfc-editor.org/rfc/rfc9113#name-frame-definitions
"""

import struct

import hpack

from tests.support.hostile.http2 import call_headers, framed
from tests.support.servers import request

DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING = range(7)
WINDOW_UPDATE, CONTINUATION = 8, 9
NO_FLAGS, END_STREAM, END_HEADERS = 0, 1, 4
UNKNOWN_KIND, CANCEL, INITIAL_WINDOW_SIZE = 0x77, 8, 4
CONNECTION = 0


def frame(kind: int, flags: int, stream: int, body: bytes = b"") -> bytes:
    """Return one frame."""
    return struct.pack(">I", len(body))[1:] + struct.pack(">BBI", kind, flags, stream) + body


def block(*headers: tuple[str, str]) -> bytes:
    """Return a gRPC call's headers, and more, as a block that any stream may begin with."""
    # Encoded anew, each is whole in itself: nothing is remembered from one to the next.
    return hpack.Encoder().encode([*call_headers(), *headers], huffman=False)


def resets(count: int) -> bytes:
    """Return calls that are begun and cancelled at once. See: CVE-2023-44487."""
    headers, cancel = block(), struct.pack(">I", CANCEL)
    return b"".join(
        frame(HEADERS, END_HEADERS, stream, headers) + frame(RST_STREAM, NO_FLAGS, stream, cancel)
        for stream in range(1, 2 * count, 2)
    )


def resets_of_requests(count: int) -> bytes:
    """Return calls that are cancelled when their requests are whole."""
    headers, cancel, body = block(), struct.pack(">I", CANCEL), framed(request())
    return b"".join(
        frame(HEADERS, END_HEADERS, stream, headers)
        + frame(DATA, END_STREAM, stream, body)
        + frame(RST_STREAM, NO_FLAGS, stream, cancel)
        for stream in range(1, 2 * count, 2)
    )


def stalled(count: int, sent: bytes = b"") -> bytes:
    """Return calls that never go on after their headers and ``sent``."""
    headers = block()
    return b"".join(
        frame(HEADERS, END_HEADERS, stream, headers) + frame(DATA, NO_FLAGS, stream, sent)
        for stream in range(1, 2 * count, 2)
    )


def continuations(count: int, body: bytes = b"") -> bytes:
    """Return headers that never end."""
    more = frame(CONTINUATION, NO_FLAGS, 1, body)
    return frame(HEADERS, NO_FLAGS, 1, block()) + more * count


def floods(count: int) -> dict[str, bytes]:
    """Return so many frames of each kind that costs its sender little."""
    window = struct.pack(">HI", INITIAL_WINDOW_SIZE, 65535)
    begun = frame(HEADERS, END_HEADERS, 1, block())
    return {
        "pings": frame(PING, NO_FLAGS, CONNECTION, bytes(8)) * count,
        "empty settings": frame(SETTINGS, NO_FLAGS, CONNECTION) * count,
        "settings": frame(SETTINGS, NO_FLAGS, CONNECTION, window) * count,
        "resets": resets(count),
        "resets of whole requests": resets_of_requests(count),
        "empty continuations": continuations(count),
        "continuations": continuations(count // 100, bytes([0, 1, 120, 1, 121]) * 3000),
        "priorities": frame(PRIORITY, NO_FLAGS, CONNECTION + 1, struct.pack(">IB", 0, 1)) * count,
        "window updates": frame(WINDOW_UPDATE, NO_FLAGS, CONNECTION, struct.pack(">I", 1)) * count,
        "a window of nothing": frame(WINDOW_UPDATE, NO_FLAGS, CONNECTION, bytes(4)),
        "empty data": begun + frame(DATA, NO_FLAGS, 1) * count,
        "data of no stream": frame(DATA, NO_FLAGS, 2 * count + 1, b"data") * count,
        "frames of no known kind": frame(UNKNOWN_KIND, NO_FLAGS, CONNECTION, bytes(100)) * count,
        "a frame over the limit": frame(DATA, NO_FLAGS, 1, bytes(100_000)),
        "a promise to the service": frame(PUSH_PROMISE, END_HEADERS, 1, struct.pack(">I", 2)),
        "a stream of the service's": frame(HEADERS, END_HEADERS, 2, block()),
    }
