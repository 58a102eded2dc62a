"""Keep foreign pages from reaching a service on localhost, and let those in that may.

Browsers name the page that a request comes from. One of another host is refused, unless
RUNTIME_CORS_ORIGINS lists it; other clients name none.

See: https://fetch.spec.whatwg.org/#http-cors-protocol
"""

from typing import FrozenSet, List, Optional, Tuple

from serving_runtime.server.http.parser import Head
from serving_runtime.server.http.refusals import Refusal

ANY = "*"
ALLOWED_HEADERS = (
    "accept, authorization, baggage, content-encoding, content-type, "
    "inference-header-content-length, traceparent, tracestate, x-request-id, x-request-timeout, "
    "x-reset-state"
)
EXPOSED_HEADERS = "inference-header-content-length, retry-after, x-request-id, x-state-epoch"
PREFLIGHT_SECONDS = 600
_PORTS = {"http": ":80", "https": ":443"}


class Origins:
    """Who may call from a browser.

    Args:
        allowed: origins as browsers write them, such as ``https://example.org``, or ``*``.
    """

    def __init__(self, allowed: FrozenSet[str]) -> None:
        self._allowed = allowed

    def check(self, head: Head) -> str:
        """Return the origin of a request if it is a foreign one that may call; else empty.

        Raises:
            Refusal: it may not.
        """
        if b"origin" not in head.headers:
            return ""
        origin = head.text(b"origin").lower()
        if _is_own(origin, head.text(b"host").lower()):
            return ""
        if ANY in self._allowed or origin in self._allowed:
            return head.text(b"origin")
        raise Refusal(
            403,
            f"pages of {origin[:200]} may not call this service: RUNTIME_CORS_ORIGINS would list "
            "that origin",
        )


def headers_for(origin: str) -> List[Tuple[str, str]]:
    """Return the headers that let a page read a reply."""
    return [
        ("access-control-allow-origin", origin),
        ("access-control-expose-headers", EXPOSED_HEADERS),
        ("vary", "Origin"),
    ]


def preflight_headers(origin: str, methods: str) -> List[Tuple[str, str]]:
    """Return the headers that answer a browser's question, which methods a page may use."""
    return [
        *headers_for(origin),
        ("access-control-allow-methods", methods),
        ("access-control-allow-headers", ALLOWED_HEADERS),
        ("access-control-max-age", str(PREFLIGHT_SECONDS)),
    ]


def is_preflight(head: Head) -> bool:
    """Return whether a browser asks before a page's own request; it never has a token."""
    return head.method == b"OPTIONS" and b"access-control-request-method" in head.headers


def _is_own(origin: str, host: str) -> bool:
    scheme, _, authority = origin.partition("://")
    port: Optional[str] = _PORTS.get(scheme)
    if not authority or port is None:
        return False
    return _without(authority, port) == _without(host, port)


def _without(authority: str, port: str) -> str:
    return authority[: -len(port)] if authority.endswith(port) else authority
