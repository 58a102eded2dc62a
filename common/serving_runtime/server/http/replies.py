"""Write replies as bytes: the head, and a body or none."""

import time
from typing import Dict, Sequence, Tuple

from serving_runtime.server.http.statuses import PHRASES

Headers = Sequence[Tuple[str, str]]

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
CLOSE = b"connection: close\r\n"
JSON = "application/json"
# Soon enough for who waits, and late enough for who would ask in a loop.
RETRY_SECONDS = 1
RETRIED = (429, 503)
_DATE = "date: %a, %d %b %Y %H:%M:%S GMT\r\n"


def _start_of(status: int) -> bytes:
    more = f"retry-after: {RETRY_SECONDS}\r\n" if status in RETRIED else ""
    more += "www-authenticate: Bearer\r\n" if status == 401 else ""
    return f"HTTP/1.1 {status} {PHRASES.get(status, 'Unknown')}\r\n{more}".encode()


_STARTS: Dict[int, bytes] = {status: _start_of(status) for status in (*PHRASES, 499)}


class ReplyWriter:
    """Writes heads of replies, with today's date; the same lines are written once."""

    def __init__(self) -> None:
        self._date = self._json = b""
        self._common: Dict[Tuple[int, str], bytes] = {}
        self.tick()

    def tick(self) -> None:
        """Take the time; to be called every second."""
        # Python takes the names of days and months from C's locale, unless it is told otherwise.
        self._date = time.strftime(_DATE, time.gmtime(time.time())).encode()
        self._common.clear()
        self._json = self._write_common(200, JSON) + b"content-length: "

    def json(self, body: bytes) -> bytes:
        """Return the whole reply with JSON that nothing is wrong with."""
        return b"%b%d\r\n\r\n%b" % (self._json, len(body), body)

    def head(
        self,
        status: int,
        content_type: str,
        length: int,
        headers: Headers = (),
        closes: bool = False,
    ) -> bytes:
        """Return a reply's head.

        Args:
            status: HTTP's.
            content_type: of the body; empty where there is none.
            length: of the body in bytes.
            headers: more of them; what would break a line goes.
            closes: whether the connection ends with this reply.
        """
        common = self._common.get((status, content_type))
        if common is None:
            common = self._write_common(status, content_type)
        more = CLOSE if closes else b""
        if headers:
            more += b"".join(_line(name, value) for name, value in headers)
        if status == 204:  # which has no length
            return common + more + b"\r\n"
        return b"%bcontent-length: %d\r\n%b\r\n" % (common, length, more)

    def _write_common(self, status: int, content_type: str) -> bytes:
        typed = _line("content-type", content_type) if content_type else b""
        common = _STARTS[status] + self._date + typed
        if len(self._common) < len(_STARTS):  # a model's content types may be many
            self._common[status, content_type] = common
        return common


def _line(name: str, value: str) -> bytes:
    kept = value if value.isprintable() else "".join(it for it in value if it.isprintable())
    return f"{name}: {kept}\r\n".encode("latin-1", "replace")
