import pytest

from serving_runtime.server.http import origins
from serving_runtime.server.http.limits import Limits
from serving_runtime.server.http.origins import Origins
from serving_runtime.server.http.parser.head import read_head
from serving_runtime.server.http.refusals import Refusal

LIMITS = Limits(max_body_bytes=1 << 20, idle_seconds=75.0, body_seconds=600.0)


def head(origin, host="localhost:8080", method="POST", more=""):
    """Return the head of a page's request."""
    line = f"Origin: {origin}\r\n" if origin else ""
    text = f"{method} / HTTP/1.1\r\nHost: {host}\r\n{line}{more}\r\n"
    return read_head(text.encode(), LIMITS)


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        ("", "localhost:8080"),
        ("http://localhost:8080", "localhost:8080"),
        ("http://LocalHost:8080", "localhost:8080"),
        ("http://example.org", "example.org"),
        ("http://example.org", "example.org:80"),
        ("https://example.org", "example.org"),
        ("https://example.org:443", "example.org"),
        ("http://[::1]:8080", "[::1]:8080"),
    ],
)
def test_own_pages_and_other_programs_may_call(origin, host):
    """A page of the very host that it calls, and who names no page at all."""
    assert Origins(frozenset()).check(head(origin, host)) == ""


@pytest.mark.parametrize(
    "origin",
    ["http://evil.example", "null", "http://localhost", "http://localhost:80800", "localhost:8080",
     "http://localhost:8080.evil.example", "file://", "http://a, http://localhost:8080",
     "chrome-extension://localhost:8080"],
)  # fmt: skip
def test_foreign_pages_are_refused(origin):
    """They would reach a service on localhost, with whatever its user may do."""
    with pytest.raises(Refusal) as caught:
        Origins(frozenset()).check(head(origin))
    assert caught.value.status == 403
    assert "RUNTIME_CORS_ORIGINS" in caught.value.text


def test_pages_that_are_listed_may_call():
    """Those and no others; all by a star."""
    listed = Origins(frozenset(["https://good.example"]))
    assert listed.check(head("https://good.example")) == "https://good.example"
    assert Origins(frozenset("*")).check(head("https://any.example")) == "https://any.example"
    with pytest.raises(Refusal):
        listed.check(head("http://good.example"))


def test_the_headers_that_browsers_want():
    """For a reply, and for the question before a request."""
    names = dict(origins.preflight_headers("https://good.example", "POST, OPTIONS"))
    assert names["access-control-allow-origin"] == "https://good.example"
    assert names["access-control-allow-methods"] == "POST, OPTIONS"
    assert "authorization" in names["access-control-allow-headers"]
    assert names["vary"] == "Origin"


def test_what_is_a_preflight():
    """OPTIONS with the header that asks."""
    asks = "Access-Control-Request-Method: POST\r\n"
    assert origins.is_preflight(head("https://a.example", method="OPTIONS", more=asks))
    assert not origins.is_preflight(head("https://a.example", method="OPTIONS"))
    assert not origins.is_preflight(head("https://a.example", more=asks))
