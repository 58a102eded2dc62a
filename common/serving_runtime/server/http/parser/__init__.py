"""Read requests from a client's bytes, without any I/O: bytes in, whole requests out.

The rules:

* One request at a time: ``receive`` takes bytes, and returns whether a request is whole; ``take``
  returns it, and what has come behind it waits for the next ``receive``.
* A head is first cut off, and bounded, here; llhttp (by httptools) then reads it, whose strictness
  is hardened against smuggling by others' work. What its older releases let through is refused
  here on every row: folded header lines, names without letters, versions but 1.0 and 1.1, requests
  of 1.1 without a Host, and chunks in 1.0. Tests run on the oldest release.
* Bodies of a known length are not read by llhttp: their bytes are kept as they came. Chunks are.
* A head whose very bytes have come before is not read again.
* Trailers are dropped: none may pass for a header.
* After a Refusal nothing more may be received.
"""

import re
from typing import Dict, List, Optional, Tuple

from serving_runtime.server.http.limits import Limits
from serving_runtime.server.http.parser.chunks import Chunks
from serving_runtime.server.http.parser.head import CHUNKED, Head, read_head
from serving_runtime.server.http.refusals import Refusal

__all__ = ["CHUNKED", "Head", "RecentHeads", "RequestParser"]

# Longer ones are not kept.
MAX_KEPT_BYTES = 2048
MAX_KEPT = 128
_NO_HEAD = Head(b"", b"", {}, is_old=False)
_END = b"\r\n\r\n"
_BARE_LF = re.compile(rb"(?<!\r)\n")


class RecentHeads:
    """Reads heads, and knows those that have come before; clients mostly send the same again."""

    def __init__(self) -> None:
        self._heads: Dict[bytes, Head] = {}

    def read(self, raw: bytes, limits: Limits) -> Head:
        """Return what a head says.

        Raises:
            Refusal: it is none.
        """
        known = self._heads.get(raw)
        if known is not None:
            return known
        head = read_head(raw, limits)
        # One in chunks may still be told that its connection ends.
        if len(raw) <= MAX_KEPT_BYTES and head.length != CHUNKED:
            if len(self._heads) >= MAX_KEPT:
                self._heads.clear()
            self._heads[raw] = head
            head.raw = raw
        return head


class RequestParser:
    """Reads the requests of one connection.

    Args:
        limits: of heads and bodies.
        heads: those of all connections.

    Attributes:
        limits: those of the next request.
        head: of the request that is arriving, or is whole; None before its head is there.
    """

    __slots__ = ("_chunks", "_heads", "_last", "_missing", "_pieces", "_rest", "head", "limits")

    def __init__(self, limits: Limits, heads: RecentHeads) -> None:
        self.limits = limits
        self.head: Optional[Head] = None
        self._heads = heads
        # Of a head that is not whole, or behind a whole request.
        self._rest = b""
        self._pieces: List[bytes] = []
        self._missing = 0
        self._chunks: Optional[Chunks] = None
        # The last head that may be known when it comes again.
        self._last = _NO_HEAD

    @property
    def has_rest(self) -> bool:
        """Whether bytes have come that belong to no whole request."""
        return bool(self._rest)

    @property
    def is_clean(self) -> bool:
        """Whether nothing has come of a next request."""
        return self.head is None and not self._rest

    def hold(self, data: bytes) -> None:
        """Keep bytes for the next ``receive``."""
        self._rest += data

    def receive(self, data: bytes) -> bool:
        """Take in bytes, and return whether a request is whole.

        Raises:
            Refusal: they are no request, or exceed a limit.
        """
        if self.head is None:
            if self._rest:
                data = self._rest + data
            end = data.find(_END)
            if end < 0 or data[:1] < b"A":  # not whole, or no method begins like this
                data = self._receive_odd(data)
                end = data.find(_END)
                if end < 0:
                    return False
            if end > self.limits.max_head_bytes:
                raise _too_long(data)
            self._begin(self._heads.read(data[: end + 4], self.limits))
            data = data[end + 4 :]
            self._rest = b""
        elif self._rest:
            data, self._rest = self._rest + data, b""
        return self._receive_body(data) if self._chunks is None else self._receive_chunks(data)

    def at_once(self, data: bytes) -> Optional[Tuple[Head, bytes]]:
        """Return a request that comes whole and alone, with the very head of one before it.

        None for any other, of which nothing is taken: ``receive`` is for those.
        """
        head = self._last
        size = len(head.raw)
        if len(data) != size + head.length or not size or not data.startswith(head.raw):
            return None
        return None if self._rest or self.head is not None else (head, data[size:])

    def take(self) -> Tuple[Head, bytes]:
        """Return the request that is whole, and make room for the next one."""
        head = self.head
        assert head is not None  # noqa: S101  only after `receive` has said so
        if self._chunks is not None:
            body = bytes(self._chunks.body)
            self._chunks = None
        else:
            body = self._pieces[0] if len(self._pieces) == 1 else b"".join(self._pieces)
        self.head = None
        self._pieces = []
        return head, body

    def _begin(self, head: Head) -> None:
        self.head = head
        self._missing = head.length
        if head.length == CHUNKED:
            self._chunks = Chunks(self.limits.max_body_bytes)
        if head.raw:
            self._last = head

    def _receive_odd(self, data: bytes) -> bytes:
        """Keep a head that is not whole, and refuse early what will never be one."""
        data = self._rest = data.lstrip(b"\r\n")
        if data and not data[:1].isalpha():
            raise Refusal(400, _no_request(data))
        if data.find(_END) < 0:
            if len(data) > self.limits.max_head_bytes:
                raise _too_long(data)
            if _BARE_LF.search(data):
                raise Refusal(400, "lines of a request end with CR and LF, not with one of them")
        return data

    def _receive_body(self, data: bytes) -> bool:
        missing = self._missing - len(data)
        if missing < 0:
            self._rest = data[missing:]
            data = data[:missing]
        self._pieces.append(data)
        self._missing = missing
        return missing <= 0

    def _receive_chunks(self, data: bytes) -> bool:
        assert self._chunks is not None and self.head is not None  # noqa: S101, PT018
        is_whole = self._chunks.receive(data)
        if is_whole and self._chunks.has_overrun:
            self.head.keeps_alive = False  # what came behind it has been read, and is lost
        return is_whole


def _too_long(data: bytes) -> Refusal:
    if b"\r\n" not in data:
        return Refusal(414, "the target of the request is too long")
    return Refusal(431, "the headers have too many bytes")


def _no_request(data: bytes) -> str:
    if data[0] == 0x16:
        return "this port speaks HTTP in the clear, and TLS was begun: call it by http://"
    return "this is no request of HTTP/1.1: no method begins like this"
