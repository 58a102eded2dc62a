"""Read the head of a request by llhttp, and refuse what its older releases let through."""

import re
from typing import Dict

import httptools

from serving_runtime.server.http.limits import Limits
from serving_runtime.server.http.refusals import Refusal

# The headers that are looked at; all others are read, and dropped. One that comes several times has
# its values joined by commas, as the standard has it: what takes one value refuses them then.
WANTED = frozenset((
    b"accept",
    b"accept-encoding",
    b"access-control-request-method",
    b"authorization",
    b"baggage",
    b"connection",
    b"content-encoding",
    b"content-length",
    b"content-type",
    b"expect",
    b"host",
    b"inference-header-content-length",
    b"origin",
    b"traceparent",
    b"tracestate",
    b"transfer-encoding",
    b"x-request-id",
    b"x-request-timeout",
    b"x-reset-state",
))  # fmt: skip

# Those of them that most requests do not have.
RARE = frozenset((
    b"baggage",
    b"content-encoding",
    b"expect",
    b"origin",
    b"traceparent",
    b"x-request-timeout",
))  # fmt: skip
CHUNKED = -1
_HOST = re.compile(rb"[^\s,/?#@\\]*")


class Head:
    """What a request's head says.

    Attributes:
        method: in capitals.
        path: of the target, without its query.
        headers: those that are wanted, by names in small letters.
        length: of the body; ``CHUNKED`` if that is not known.
        keeps_alive: whether the client wants to go on.
        is_plain: whether no header is there that most requests do not have.
        is_old: whether it is of HTTP/1.0, where connections end unless both say otherwise.
    """

    __slots__ = ("headers", "is_old", "is_plain", "keeps_alive", "length", "method", "path")

    def __init__(
        self, method: bytes, path: bytes, headers: Dict[bytes, bytes], is_old: bool
    ) -> None:
        self.method = method
        self.path = path
        self.headers = headers
        self.length = 0
        self.is_old = is_old
        self.is_plain = RARE.isdisjoint(headers)
        self.keeps_alive = not is_old
        if b"connection" in headers:
            self.keeps_alive = _keeps_alive(headers[b"connection"], is_old)

    def text(self, name: bytes) -> str:
        """Return a header's value; an empty text where there is none."""
        return self.headers.get(name, b"").decode("latin-1")


def read_head(raw: bytes, limits: Limits) -> Head:
    """Read a whole head, with the empty line at its end.

    Raises:
        Refusal: it is none, or HTTP of another version.
    """
    lines = raw.count(b"\r\n")
    if raw.count(b"\r") != lines or raw.count(b"\n") != lines:
        # To older releases the head may end at a bare CR, whatever follows it.
        raise Refusal(400, "lines of a request end with CR and LF, not with one of them")
    reader = _HeadReader()
    parser = httptools.HttpRequestParser(reader)
    try:
        parser.feed_data(raw)
    except httptools.HttpParserUpgrade:
        pass  # one need not follow it, and what comes next is a body as usual
    except httptools.HttpParserError as error:
        raise _unreadable(raw, error) from None
    version = parser.get_http_version()
    if version not in ("1.1", "1.0"):
        raise Refusal(505, f"HTTP/{version} is not spoken here: expected HTTP/1.1")
    if reader.lines > limits.max_header_lines:
        raise Refusal(431, f"there are {reader.lines} headers: {limits.max_header_lines} may be")
    if b"\r\n " in raw or b"\r\n\t" in raw:
        raise Refusal(400, "a header goes on in the next line, which is no longer allowed")
    if not reader.names_are_good:
        raise Refusal(400, "a header has no name")
    head = Head(parser.get_method(), _path_of(reader.url), reader.headers, version == "1.0")
    _check_host(head)
    head.length = _length_of(head)
    return head


class _HeadReader:
    """What httptools calls while it reads a head."""

    __slots__ = ("headers", "lines", "names_are_good", "url")

    def __init__(self) -> None:
        self.url = b""
        self.headers: Dict[bytes, bytes] = {}
        self.lines = 0
        self.names_are_good = True

    def on_url(self, url: bytes) -> None:
        self.url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self.lines += 1
        name = name.lower()
        if name in WANTED:
            value = value.strip(b" \t")
            if name in self.headers:
                value = self.headers[name] + b", " + value
            self.headers[name] = value
        elif not name:
            self.names_are_good = False


def _path_of(url: bytes) -> bytes:
    """Return the path of a request's target, which may name the server as well."""
    if not url.startswith(b"/"):
        scheme, found, rest = url.partition(b"://")
        if found and scheme.lower() in (b"http", b"https"):
            url = b"/" + rest.partition(b"/")[2]
    return url.partition(b"?")[0]


def _keeps_alive(connection: bytes, is_old: bool) -> bool:
    options = {option.strip().lower() for option in connection.split(b",")}
    return b"keep-alive" in options if is_old else b"close" not in options


def _check_host(head: Head) -> None:
    host = head.headers.get(b"host")
    if host is None:
        if not head.is_old:
            raise Refusal(400, "the header Host is missing")
    elif not _HOST.fullmatch(host):
        raise Refusal(400, "the header Host is not one host, with or without a port")


def _length_of(head: Head) -> int:
    coding = head.headers.get(b"transfer-encoding")
    length = head.headers.get(b"content-length")
    if coding is not None:
        if head.is_old:
            raise Refusal(400, "HTTP/1.0 has no Transfer-Encoding")
        if length is not None:
            raise Refusal(400, "Content-Length and Transfer-Encoding do not go together")
        if coding.lower() != b"chunked":
            raise Refusal(501, "of the transfer codings only chunked is known here")
        return CHUNKED
    if length is None:
        return 0
    if not length.isdigit() or len(length) > 18:
        raise Refusal(400, "the header Content-Length is no number of bytes")
    return int(length)


def _unreadable(raw: bytes, error: Exception) -> Refusal:
    if raw.startswith(b"PRI * HTTP/2"):
        return Refusal(505, "HTTP/2 is not spoken here: expected HTTP/1.1; gRPC has another port")
    if isinstance(error, httptools.HttpParserInvalidMethodError):
        return Refusal(501, "there is no such method")
    return Refusal(400, f"this is no request of HTTP/1.1: {error}")
