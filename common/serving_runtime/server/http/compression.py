"""Unpack bodies within their limit, and pack replies for those who ask for it."""

import zlib
from typing import Optional

from serving_runtime.server.http.refusals import Refusal, body_too_large

# Of zlib's window bits, what tells its formats from each other.
_GZIP, _ZLIB, _RAW = 16 + zlib.MAX_WBITS, zlib.MAX_WBITS, -zlib.MAX_WBITS
KNOWN = ("gzip", "deflate")
# Smaller replies would hardly become smaller.
LEAST_BYTES = 1024
# What is unpacked, or packed, at once; more is a thread's business, and takes milliseconds there.
AT_ONCE_BYTES = 64 << 10
# The fastest: a service is not to wait for its replies to become small.
LEVEL = 1


def coding_of(content_encoding: str) -> str:
    """Return how a body is packed; empty if it is not.

    Raises:
        Refusal: it is in a way that is not known here.
    """
    coding = content_encoding.strip().lower()
    coding = {"x-gzip": "gzip", "identity": ""}.get(coding, coding)
    if coding and coding not in KNOWN:
        raise Refusal(
            415,
            f"the Content-Encoding {coding[:40]!r} is not known here: expected gzip or deflate",
            (("accept-encoding", ", ".join(KNOWN)),),
        )
    return coding


def is_wanted(accept_encoding: str) -> bool:
    """Return whether a client takes gzip."""
    for part in accept_encoding.lower().split(","):
        coding, _, weight = part.partition(";")
        if coding.strip() in ("gzip", "x-gzip", "*"):
            return weight.replace(" ", "").rstrip("0") not in ("q=", "q=0.")
    return False


def pack(body: bytes) -> bytes:
    """Return a body in gzip."""
    packer = zlib.compressobj(LEVEL, zlib.DEFLATED, _GZIP)
    return packer.compress(body) + packer.flush()


def unpack(body: bytes, coding: str, max_bytes: int) -> bytes:
    """Return what a body has been packed from.

    Raises:
        Refusal: it is cut short, or is something else, or more than ``max_bytes``.
    """
    unpacked = _unpack(body, coding, max_bytes)
    if unpacked is None:
        raise body_too_large(max_bytes)
    return unpacked


def unpack_small(body: bytes, coding: str, max_bytes: int) -> Optional[bytes]:
    """Return it likewise if it takes no time; else None.

    Raises:
        Refusal: as ``unpack``.
    """
    most = min(max_bytes, AT_ONCE_BYTES)
    return _unpack(body, coding, most) if len(body) <= most else None


def _unpack(body: bytes, coding: str, max_bytes: int) -> Optional[bytes]:
    unpacker = zlib.decompressobj(_window_bits(body, coding))
    try:
        unpacked = unpacker.decompress(body, max_bytes + 1)
    except zlib.error as error:
        raise Refusal(400, f"the body cannot be unpacked ({coding}): {error}") from None
    if len(unpacked) > max_bytes:
        return None
    if not unpacker.eof:
        raise Refusal(400, f"the body ends too early to be unpacked ({coding})")
    if unpacker.unused_data:
        raise Refusal(400, f"there is more behind the end of the packed body ({coding})")
    return unpacked


def _window_bits(body: bytes, coding: str) -> int:
    """Return the format of a body: "deflate" is zlib's, but some clients send the bare stream."""
    if coding == "gzip":
        return _GZIP
    is_zlib = len(body) > 1 and body[0] & 0x0F == 8 and (body[0] << 8 | body[1]) % 31 == 0
    return _ZLIB if is_zlib else _RAW
