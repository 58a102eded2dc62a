"""Make calls by HTTP as what they are: bytes, with the headers that say what those are."""

import http.client
import json
from concurrent.futures import Future, ThreadPoolExecutor
from urllib.parse import quote, urlsplit

from serving_runtime.ipc.attributes import CONTENT_TYPE, HEADER_LENGTH, MODEL_VERSION

# What HTTP says, in the words that all wires share; it tells fewer failures apart.
STATUSES = {
    200: "OK",
    400: "INVALID_ARGUMENT",
    404: "NOT_FOUND",
    413: "RESOURCE_EXHAUSTED",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    501: "UNIMPLEMENTED",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}
_SENT = (CONTENT_TYPE, HEADER_LENGTH)
_MAX_TOGETHER = 64


class RestCalls:
    """Calls of one service, each by a connection of its own.

    Args:
        url: where it listens.
        seconds: how long a call may take.
    """

    def __init__(self, url: str, seconds: float) -> None:
        self._place = urlsplit(url).netloc
        self._seconds = seconds
        self._pool = ThreadPoolExecutor(_MAX_TOGETHER)
        self._model = ""

    def close(self) -> None:
        """Wait for the calls."""
        self._pool.shutdown()

    def send(self, call) -> Future:
        """Make a call; returns the future status, body and headers."""
        return self._pool.submit(self._ask, call)

    def _ask(self, call):
        [route, *_] = call.operation.http_routes
        version = call.attributes.get(MODEL_VERSION)
        path = route.path.replace("{model}", quote(call.target or self._served(), safe=""))
        if version:
            path = path.replace("/infer", f"/versions/{version}/infer")
        headers = {name: value for name, value in call.attributes.items() if name in _SENT}
        if call.resets_state:
            headers["x-reset-state"] = "1"
        return self._exchange(route.method, path, call.payload, headers)

    def _served(self) -> str:
        if not self._model:
            _, body, _ = self._exchange("GET", "/v2/models", None, {})
            [self._model] = json.loads(body.decode())["models"]
        return self._model

    def _exchange(self, method, path, body, headers):
        connection = http.client.HTTPConnection(self._place, timeout=self._seconds)
        try:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            told = {name.lower(): value for name, value in response.getheaders()}
            return response.status, response.read(), told
        finally:
            connection.close()


def outcome(exchanged):
    """Return a status by its name, details, the body, and its attributes."""
    status, body, headers = exchanged
    attributes = {name: headers[name] for name in _SENT if name in headers}
    if status == http.client.OK:
        return STATUSES[status], "", body, attributes
    assert headers[CONTENT_TYPE] == "application/json"
    told = json.loads(body.decode())
    assert list(told) == ["error"]
    return STATUSES[status], told["error"], b"", attributes
