import pytest
from echoes import echo

from serving_runtime import operations
from serving_runtime.errors import MemoryExhausted
from serving_runtime.security.tokens import TokenAuthenticator
from serving_runtime.server.http.gate import Gate
from serving_runtime.server.http.limits import Limits
from serving_runtime.server.http.origins import Origins
from serving_runtime.server.http.parser.head import read_head
from serving_runtime.server.http.refusals import EarlyReply
from serving_runtime.server.http.routes import RouteTable
from serving_runtime.server.transport import Routes

LIMITS = Limits(max_body_bytes=1000, idle_seconds=75.0, body_seconds=600.0)
ROUTES = Routes({row: echo for row in operations.ALL if not row.is_stream}, {})
INFER = "/v2/models/m/infer"


@pytest.fixture
def gate(settings, tmp_path):
    """Return a function that makes a gate, with a token or none."""

    def make(token="", origins=()):
        access = None
        if token:
            path = tmp_path / "tokens"
            path.write_text(token, encoding="ascii")
            path.chmod(0o600)
            is_open = {row.key for row in operations.ALL if row.is_health or row.is_open}
            access = TokenAuthenticator(str(path), is_open)
        table = RouteTable(ROUTES, settings())
        return Gate(table, access, Origins(frozenset(origins)), LIMITS)

    return make


def head(path=INFER, *lines, method="POST"):
    """Return the head of a request."""
    text = "\r\n".join([f"{method} {path} HTTP/1.1", "Host: a", *lines, "", ""])
    return read_head(text.encode(), LIMITS)


def early(gate, *arguments, **more):
    """Return how a request is answered by its head alone."""
    with pytest.raises(EarlyReply) as caught:
        gate.admit(head(*arguments, **more))
    return caught.value


def test_what_passes(gate):
    """With what its headers say."""
    passed = gate().admit(head(INFER, "Content-Encoding: gzip", "X-Request-Timeout: 1.5"))
    assert passed.match.operation is operations.REST_INFER
    assert (passed.coding, passed.seconds_left, passed.origin) == ("gzip", 1.5, "")


@pytest.mark.parametrize(
    ("line", "status"),
    [
        ("Content-Length: 1001", 413),
        ("Expect: a miracle", 417),
        ("Content-Encoding: br", 415),
        ("X-Request-Timeout: soon", 400),
        ("X-Request-Timeout: -1", 400),
        ("X-Request-Timeout: nan", 400),
        ("Origin: http://evil.example", 403),
    ],
)
def test_headers_that_stop_a_request(gate, line, status):
    """Each with its own status, and words."""
    refused = early(gate(), INFER, line)
    assert refused.status == status
    assert refused.text


@pytest.mark.parametrize("text", ["250ms", "0", "3", "0.5", "10min", "24h"])
def test_times_that_clients_may_give(gate, text):
    """In seconds, or with a unit."""
    assert gate().admit(head(INFER, f"X-Request-Timeout: {text}")).seconds_left is not None


@pytest.mark.parametrize(
    ("path", "method", "status"), [(INFER, "POST", 401), ("/no/such", "GET", 401),
                                   ("/v2", "GET", 401), (INFER, "GET", 401)]
)  # fmt: skip
def test_without_a_token_nothing_is_learned(gate, path, method, status):
    """Not even what there is."""
    guarded = gate("secret")
    refused = early(guarded, path, method=method)
    assert refused.status == status
    assert early(guarded, path, "Authorization: Bearer wrong", method=method).status == status


def test_with_a_token(gate):
    """Everything that there is; and health without one."""
    guarded = gate("secret")
    assert guarded.admit(head(INFER, "Authorization: Bearer secret"))
    for path in ("/livez", "/readyz", "/healthz", "/", "/v2/health/live", "/v2/models/m/ready"):
        assert guarded.admit(head(path, method="GET"))
    assert early(guarded, "/no", "Authorization: Bearer secret", method="GET").status == 404


def test_a_browser_asks_before_a_page_s_own_request(gate):
    """Without a token, which it never has; the methods are those of the path."""
    asks = "Access-Control-Request-Method: POST"
    answer = early(
        gate("secret", ["http://good.example"]), INFER, asks, "Origin: http://good.example",
        method="OPTIONS",
    )  # fmt: skip
    assert answer.status == 204
    assert ("access-control-allow-methods", "POST, OPTIONS") in answer.headers
    refused = early(gate("secret"), INFER, asks, "Origin: http://evil.example", method="OPTIONS")
    assert refused.status == 403


def test_options_without_a_page(gate):
    """What a path takes, and nothing about pages; as all else with a token only."""
    answer = early(gate(), INFER, method="OPTIONS")
    assert (answer.status, answer.headers) == (204, (("allow", "POST, OPTIONS"),))
    assert early(gate("secret"), INFER, method="OPTIONS").status == 401


def test_while_memory_is_short_only_the_model_s_calls_are_refused(gate):
    """Health never is."""
    shedding = gate()
    shedding.shedding = MemoryExhausted("memory is short")
    assert early(shedding).status == 503
    assert shedding.admit(head("/livez", method="GET"))


@pytest.mark.parametrize(
    ("accept", "key"),
    [
        ("text/html,application/xhtml+xml,*/*;q=0.8", "page.html"),
        ("*/*", "http.root"),
        ("application/json", "http.root"),
    ],
)
def test_browsers_get_the_page(gate, accept, key):
    """At the root, for which others get whether the service is alive; a token is not needed."""
    for token in ("", "secret"):
        passed = gate(token).admit(head("/", f"Accept: {accept}", method="GET"))
        assert passed.match.operation.key == key
    assert gate().admit(head("/", method="GET")).match.operation is operations.ROOT
