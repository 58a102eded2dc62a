"""Ask a served model by HTTP, as a client that knows nothing but the address."""

import http.client
import json
import re
import time
from typing import Any, Mapping, NamedTuple, Optional

from tests.support.services import CALL_SECONDS, START_SECONDS


class Response(NamedTuple):
    """What a client gets: HTTP's status, the content type, and the body."""

    status: int
    content_type: str
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body.decode())


class Web:
    """The HTTP address of a server that this process has started.

    Args:
        log: the server's lines, which say where it listens.
    """

    def __init__(self, log) -> None:
        self.port = _port_in(log)
        self._log = log
        self.address = f"http://127.0.0.1:{self.port}"

    @property
    def grpc_port(self) -> str:
        """The port of the same server where clients of gRPC are."""
        found = re.search(r"listening on (?!http)\S+:(\d+)", "".join(self._log))
        assert found, "".join(self._log)
        return found.group(1)

    def get(self, path: str, **headers: str) -> Response:
        """Get what is at a path."""
        return self.ask("GET", path, None, headers)

    def post(self, path: str, body: Any, **headers: str) -> Response:
        """Send bytes, a text, or what becomes JSON; ``content_type`` and the like are headers."""
        if isinstance(body, str):
            body = body.encode()
        return self.ask("POST", path, body if isinstance(body, bytes) else _json(body), headers)

    def ask(
        self, method: str, path: str, body: Optional[bytes], headers: Mapping[str, str] = {}
    ) -> Response:
        """Ask by any method."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=CALL_SECONDS)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        try:
            connection.request(method, path, body, named)
            reply = connection.getresponse()
            return Response(reply.status, reply.headers.get("content-type", ""), reply.read())
        finally:
            connection.close()


def _json(body: Any) -> bytes:
    return json.dumps(body).encode()


def _port_in(log) -> int:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        for line in list(log):
            found = re.search(r"listening on http://\S+:(\d+)", line)
            if found:
                return int(found.group(1))
        time.sleep(0.05)
    raise AssertionError("the server does not listen for HTTP:\n" + "".join(log))
