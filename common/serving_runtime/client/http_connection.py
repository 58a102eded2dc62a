"""Ask one HTTP service, over one connection that is kept."""

import http.client
import socket
import ssl
import tempfile
from typing import Dict, Mapping, NamedTuple, Optional
from urllib.parse import urlsplit

from serving_runtime.client.connection import ConnectionOptions
from serving_runtime.errors import StartError

_PARTIAL_CHAIN = 0x80000  # ssl.VERIFY_X509_PARTIAL_CHAIN, before Python 3.10


class Answer(NamedTuple):
    """What a service has answered; names of headers are in small letters."""

    status: int
    phrase: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def is_ok(self) -> bool:
        """Whether it is what was asked for."""
        return self.status == http.client.OK


class Unreachable(Exception):
    """No answer came; the text is why."""


class TooLate(Unreachable):
    """No answer came in time."""


class HttpConnection:
    """A connection to a service; it is opened by the first call, and again if it was closed.

    Args:
        url: ``http://host:port``, ``https://…``; what follows is not looked at.
        options: TLS and a token, where the service wants them.

    Raises:
        StartError: the URL names no host, or no port.
    """

    def __init__(self, url: str, options: ConnectionOptions) -> None:
        parts = urlsplit(url)
        try:
            self._host, self._port = parts.hostname or "", parts.port
        except ValueError:
            self._host = ""
        if not self._host:
            raise StartError(f"{url} names no host and port", "write http://HOST:PORT")
        is_tls = parts.scheme == "https" or options.tls
        self._tls = tls_context(options) if is_tls else None
        self._name = options.name
        self._headers = dict(options.metadata)
        self._connection: Optional[http.client.HTTPConnection] = None

    def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def ask(
        self, method: str, path: str, body: bytes, headers: Mapping[str, str], seconds: float
    ) -> Answer:
        """Make one call.

        Args:
            method: such as ``GET``.
            path: from the root.
            body: of the request; empty for none.
            headers: beside those of the connection.
            seconds: how long to wait for each part of the answer.

        Raises:
            TooLate: it did not come.
            Unreachable: the service is not there, or hangs up.
        """
        sent = {**self._headers, **headers}
        was_kept = self._connection is not None
        try:
            return self._exchange(method, path, body, sent, seconds)
        except (ConnectionError, http.client.BadStatusLine) as problem:
            # It may have been idle for too long: then nobody has read the request.
            if not was_kept:
                raise Unreachable(_text(problem)) from None
        except socket.timeout:
            raise TooLate(f"no answer within {seconds:g} s") from None
        # A certificate that is wrong is an OSError since Python 3.7.
        except (OSError, http.client.HTTPException, ssl.CertificateError) as problem:
            raise Unreachable(_text(problem)) from None
        return self.ask(method, path, body, headers, seconds)

    def _exchange(
        self, method: str, path: str, body: bytes, headers: Dict[str, str], seconds: float
    ) -> Answer:
        try:
            connection = self._connection or self._connect(seconds)
            if connection.sock is not None:
                connection.sock.settimeout(seconds)
            connection.request(method, path, body or None, headers)
            response = connection.getresponse()
            found = {name.lower(): value for name, value in response.getheaders()}
            answer = Answer(response.status, response.reason, found, response.read())
        except BaseException:
            self.close()
            raise
        if response.will_close:
            self.close()
        return answer

    def _connect(self, seconds: float) -> http.client.HTTPConnection:
        connection = http.client.HTTPConnection(self._host, self._port, timeout=seconds)
        if self._tls is not None:
            connection = _TlsConnection(self._host, self._port, seconds, self._tls, self._name)
        self._connection = connection
        connection.connect()
        return connection


class _TlsConnection(http.client.HTTPConnection):
    """A connection to a service whose certificate may be for another name than its address."""

    default_port = 443

    def __init__(
        self, host: str, port: Optional[int], seconds: float, context: ssl.SSLContext, name: str
    ) -> None:
        super().__init__(host, port, timeout=seconds)
        self._context, self._name = context, name or host

    def connect(self) -> None:
        """Connect, and check the service's certificate."""
        super().connect()
        self.sock = self._context.wrap_socket(self.sock, server_hostname=self._name)


def tls_context(options: ConnectionOptions) -> ssl.SSLContext:
    """Return by what a service's certificate is checked, and which one it is shown."""
    if options.trusted is None:
        context = ssl.create_default_context()
    else:
        context = ssl.create_default_context(cadata=options.trusted.decode())
        context.verify_flags |= _PARTIAL_CHAIN  # what is trusted may be the service's own
    if options.certificate is not None and options.key is not None:
        with tempfile.NamedTemporaryFile(suffix=".pem") as both:  # ssl reads files only
            both.write(options.certificate + b"\n" + options.key)
            both.flush()
            context.load_cert_chain(both.name)
    return context


def _text(problem: Exception) -> str:
    if isinstance(problem, OSError) and problem.strerror:
        return problem.strerror
    return str(problem) or type(problem).__name__
