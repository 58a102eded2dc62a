"""Call by HTTP/1.1: each caller has a connection, which is kept."""

import asyncio
from typing import Any, List, Optional
from urllib.parse import urlsplit

from serving_runtime.bench.callers import EMPTY, Call, Callers
from serving_runtime.bench.load import Load
from serving_runtime.client.http_connection import tls_context

UNAVAILABLE, TOO_LATE = "UNAVAILABLE", "DEADLINE_EXCEEDED"


class HttpCallers(Callers):
    """Connections, one for each caller."""

    def __init__(self, load: Load) -> None:
        self._load = load
        self._callers: List[_Caller] = []

    def open(self, count: int) -> List[Call]:
        """Return what so many callers call."""
        self._callers = [_Caller(self._load) for _ in range(count)]
        return [caller.call for caller in self._callers]

    async def close(self) -> None:
        """Close the connections."""
        lost = [caller.lost for caller in self._callers if caller.lost is not None]
        for caller in self._callers:
            caller.close()
        if lost:
            await asyncio.wait(lost)


class _Caller(asyncio.Protocol):
    """One connection, which is opened by the first call, and again where it was closed."""

    def __init__(self, load: Load) -> None:
        import httptools  # only where HTTP is measured

        url = urlsplit(load.address)
        self._host = url.hostname or ""
        self._port = url.port or (443 if url.scheme == "https" else 80)
        is_tls = url.scheme == "https" or load.options.tls
        self._tls = tls_context(load.options) if is_tls else None
        self._name = (load.options.name or self._host) if is_tls else None
        self._request = _request_of(load, url.netloc)
        self._seconds = load.deadline_seconds
        self._parser_of = httptools.HttpResponseParser
        self._invalid = httptools.HttpParserError
        self._transport: Any = None
        self.lost: Optional[asyncio.Future[None]] = None
        self._answered: Optional[asyncio.Future[str]] = None
        self._parser: Any = None
        self._has_body = False

    async def call(self) -> str:
        """Make one call."""
        loop = asyncio.get_event_loop()
        answered: asyncio.Future[str] = loop.create_future()
        self._answered = answered
        timer = loop.call_later(self._seconds, self._end, TOO_LATE)
        try:
            if self._transport is None:
                await loop.create_connection(
                    lambda: self,
                    self._host,
                    self._port,
                    ssl=self._tls,
                    server_hostname=self._name,
                )
            self._transport.write(self._request)
            return await answered
        except OSError:
            return UNAVAILABLE
        finally:
            timer.cancel()
            self._answered = None

    def close(self) -> None:
        """Close the connection; it is closed when ``lost`` is done."""
        if self._transport is not None:
            self._transport.abort()
            self._transport = None

    def connection_made(self, transport: Any) -> None:
        """Take the connection."""
        self._transport = transport
        self.lost = asyncio.get_event_loop().create_future()
        self._parser = self._parser_of(self)

    def data_received(self, data: bytes) -> None:
        """Read of an answer what has come."""
        try:
            self._parser.feed_data(data)
        except self._invalid:
            self._end("NO_HTTP")

    def connection_lost(self, error: Optional[Exception]) -> None:
        """Take note that the service, or this side, has hung up."""
        self._transport = None
        if self.lost is not None and not self.lost.done():
            self.lost.set_result(None)
        self._give(UNAVAILABLE)

    def on_body(self, body: bytes) -> None:
        """Take note that there is a body."""
        self._has_body = True

    def on_message_complete(self) -> None:
        """Give the answer's status."""
        status, has_body = self._parser.get_status_code(), self._has_body
        self._has_body = False
        if not self._parser.should_keep_alive():
            self.close()
        if status == 200:
            self._give("" if has_body else EMPTY)
        else:
            self._give(f"HTTP_{status}")

    def _end(self, why: str) -> None:
        self.close()
        self._give(why)

    def _give(self, outcome: str) -> None:
        if self._answered is not None and not self._answered.done():
            self._answered.set_result(outcome)


def _request_of(load: Load, host: str) -> bytes:
    headers = {
        "host": host,
        **dict(load.options.metadata),
        **load.headers,
        "content-length": str(len(load.request)),
    }
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"POST {load.path} HTTP/1.1\r\n{lines}\r\n".encode("latin-1") + load.request
