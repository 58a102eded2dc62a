"""Read a body that comes in chunks."""

import httptools

from serving_runtime.server.http.refusals import Refusal, body_too_large

_HEAD = b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
# Of chunk extensions and trailers, which are dropped, since the last byte of the body.
MAX_DROPPED_BYTES = 64 << 10


class Chunks:
    """A body in chunks.

    Attributes:
        body: what has come of it.
        has_overrun: whether something came behind it, in the same bytes.
    """

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self.body = bytearray()
        self.has_overrun = False
        self._is_whole = False
        self._dropped = 0
        self._parser = httptools.HttpRequestParser(self)
        self._parser.feed_data(_HEAD)

    def receive(self, data: bytes) -> bool:
        """Take in bytes, and return whether the body is whole."""
        before = len(self.body)
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            if not self._is_whole:
                raise Refusal(400, f"the body is not in chunks as it should be: {error}") from None
            self.has_overrun = True
        if len(self.body) > self._max_bytes:
            raise body_too_large(self._max_bytes)
        self._dropped = 0 if len(self.body) > before else self._dropped + len(data)
        if self._dropped > MAX_DROPPED_BYTES:
            raise Refusal(431, "the chunks have extensions, or trailers, of too many bytes")
        return self._is_whole

    def on_message_begin(self) -> None:
        """Note that a message begins: this one, or another behind it; httptools calls it."""
        self.has_overrun = self._is_whole

    def on_body(self, piece: bytes) -> None:
        """Take a piece of the body; httptools calls it."""
        if not self._is_whole:
            self.body += piece

    def on_message_complete(self) -> None:
        """Note the end of the body; httptools calls it."""
        self._is_whole = True
