"""Make HTTP's reply of what has become of a request."""

from typing import NamedTuple, Optional, Sequence

from serving_runtime.errors import Status
from serving_runtime.ipc.attributes import CONTENT_TYPE, HEADER_LENGTH
from serving_runtime.server.http import compression
from serving_runtime.server.http.error_bodies import CONTENT_TYPE as OF_ERRORS
from serving_runtime.server.http.error_bodies import error_body
from serving_runtime.server.http.exchange import Exchange
from serving_runtime.server.http.origins import headers_for
from serving_runtime.server.http.parser import Head
from serving_runtime.server.http.refusals import EarlyReply
from serving_runtime.server.http.replies import JSON, Headers, ReplyWriter
from serving_runtime.server.http.statuses import status_of
from serving_runtime.server.transport import Reply

# Larger bodies are written by themselves, since joining them to their head would copy them.
JOINED_BYTES = 64 << 10
_OK = Status.OK
# Of metrics, mostly.
_TEXTS = ("text/plain", "application/openmetrics-text")
_KEPT_ALIVE = (("connection", "keep-alive"),)
_PACKED = (("content-encoding", "gzip"), ("vary", "Accept-Encoding"))


class Written(NamedTuple):
    """A reply, but for what the connection adds to it.

    ``is_packed_later``: whether it is so large that packing it is a thread's business.
    """

    status: int
    content_type: str
    body: bytes
    headers: Headers = ()
    is_packed_later: bool = False

    def packed(self) -> "Written":
        """Return it in gzip."""
        body = compression.pack(self.body)
        return Written(self.status, self.content_type, body, (*self.headers, *_PACKED))

    def as_bytes(self, writer: ReplyWriter, head: Optional[Head], closes: bool) -> Sequence[bytes]:
        """Return its head and its body, joined where that is less work than to send both.

        Args:
            writer: of heads.
            head: of the request; None for one that could not be read.
            closes: whether the connection ends with it.
        """
        headers, body = self.headers, self.body
        if head is not None and head.is_old and not closes:
            headers = (*headers, *_KEPT_ALIVE)
        start = writer.head(self.status, self.content_type, len(body), headers, closes)
        is_without = self.status == 204 or (head is not None and head.method == b"HEAD")
        if is_without:
            return (start,)
        return (start + body,) if len(body) < JOINED_BYTES else (start, body)


def early(reply: EarlyReply) -> Written:
    """Return the reply to a request that no operation was asked for."""
    if not reply.text:
        return Written(reply.status, "", b"", reply.headers)
    return Written(reply.status, OF_ERRORS, error_body(reply.text), reply.headers)


def of_reply(exchange: Exchange, reply: Reply, headers: Headers) -> Written:
    """Return the reply of an operation."""
    status, body, content_type = 200, reply.payload, JSON
    if reply.status is not _OK:
        status = status_of(reply)
        if not body:
            form = exchange.passed.match.operation.error_form
            body, content_type = error_body(reply.details, form), OF_ERRORS
    if reply.attributes:
        content_type = reply.attributes.get(CONTENT_TYPE, JSON)
        if HEADER_LENGTH in reply.attributes:
            headers = (*headers, (HEADER_LENGTH, reply.attributes[HEADER_LENGTH]))
    if exchange.passed.origin:
        headers = (*headers, *headers_for(exchange.passed.origin))
    written = Written(status, content_type, body, headers)
    if b"accept-encoding" in exchange.head.headers and _is_packed(exchange.head, written):
        is_large = len(body) > compression.AT_ONCE_BYTES
        return written._replace(is_packed_later=True) if is_large else written.packed()
    return written


def _is_packed(head: Head, written: Written) -> bool:
    """Return whether to pack a reply: binary tensors hardly become smaller."""
    is_text = written.content_type == JSON or written.content_type.startswith(_TEXTS)
    is_worth_it = is_text and len(written.body) >= compression.LEAST_BYTES
    return is_worth_it and compression.is_wanted(head.text(b"accept-encoding"))
