import pytest

from serving_runtime.server.http.limits import Limits
from serving_runtime.server.http.parser import (
    MAX_KEPT,
    MAX_KEPT_BYTES,
    RecentHeads,
    RequestParser,
)
from serving_runtime.server.http.refusals import Refusal

LIMITS = Limits(max_body_bytes=1 << 20, idle_seconds=75.0, body_seconds=600.0)
GET = b"GET /v2 HTTP/1.1\r\nHost: a\r\n\r\n"
POST = b"POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello"
CHUNKED = (
    b"POST /c HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"3;name=value\r\nhel\r\n2\r\nlo\r\n0\r\nHost: evil\r\nX-Sum: 9\r\n\r\n"
)
OLD = b"POST /old HTTP/1.0\r\nContent-Length: 2\r\n\r\nhi"
UPGRADE = (
    b"POST /u HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
    b"HTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA\r\nContent-Length: 5\r\n\r\nhello"
)
WHOLE = {"get": GET, "post": POST, "chunked": CHUNKED, "1.0": OLD, "upgrade": UPGRADE}
BODIES = {"get": b"", "post": b"hello", "chunked": b"hello", "1.0": b"hi", "upgrade": b"hello"}


def parse(*pieces, limits=LIMITS):
    """Return the requests in some pieces of bytes, and the parser."""
    parser, found = RequestParser(limits, RecentHeads()), []
    for piece in pieces:
        is_whole = parser.receive(piece)
        while is_whole:
            found.append(parser.take())
            is_whole = parser.has_rest and parser.receive(b"")
    return found, parser


def refusal(data, limits=LIMITS):
    """Return how bytes are refused, whether they come at once or one by one."""
    with pytest.raises(Refusal) as at_once:
        parse(data, limits=limits)
    with pytest.raises(Refusal) as singly:
        parse(*(data[i : i + 1] for i in range(len(data))), limits=limits)
    assert singly.value.status == at_once.value.status
    return at_once.value


@pytest.mark.parametrize("name", WHOLE)
def test_a_request_is_read_however_it_comes(name):
    """At once, byte by byte, and with empty lines before it."""
    data = WHOLE[name]
    for pieces in ([data], [data[i : i + 1] for i in range(len(data))], [b"\r\n", b"\r\n" + data]):
        found, parser = parse(*pieces)
        [(head, body)] = found
        assert body == BODIES[name]
        assert head.path == data.split()[1]
        assert head.method == data.split()[0]
        assert head.is_old is (name == "1.0")
        assert parser.is_clean


@pytest.mark.parametrize("cut", range(1, len(CHUNKED)))
def test_chunks_may_be_cut_anywhere(cut):
    """In their sizes, in their data, and in what ends them."""
    [(head, body)], _ = parse(CHUNKED[:cut], CHUNKED[cut:])
    assert body == b"hello"
    assert head.headers[b"host"] == b"a"
    assert head.keeps_alive


def test_requests_that_come_together_are_read_one_by_one():
    """Each with its own body; what is behind the last one waits."""
    found, parser = parse(GET + POST + OLD + POST + GET[:9])
    assert [body for _, body in found] == [b"", b"hello", b"hi", b"hello"]
    assert parser.has_rest
    assert parser.head is None


def test_what_is_kept_comes_before_what_comes():
    """Also in the middle of a body, which flow control may hold back."""
    parser = RequestParser(LIMITS, RecentHeads())
    assert not parser.receive(POST[:-4])
    parser.hold(b"el")
    assert parser.receive(b"lo")
    assert parser.take()[1] == b"hello"


def test_a_head_is_known_before_its_body():
    """So that no body comes in vain."""
    parser = RequestParser(LIMITS, RecentHeads())
    assert not parser.receive(
        b"POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: 100000000000\r\n\r\n"
    )
    assert parser.head.length == 100000000000


def test_the_connection_ends_behind_chunks_that_others_follow():
    """Where they end is known to the library alone, which has read what follows by then."""
    parser = RequestParser(LIMITS, RecentHeads())
    assert parser.receive(CHUNKED + POST)
    head, body = parser.take()
    assert body == b"hello"
    assert not head.keeps_alive


@pytest.mark.parametrize(
    ("data", "status", "words"),
    [
        (b"GET / HTTP/1.1\r\n" + b"X: " + b"y" * 3000, 431, "too many bytes"),
        (b"GET /" + b"y" * 3000, 414, "too long"),
        (b"GET / HTTP/1.1\r\nHost: a\r\n" + b"A: b\r\n" * 129 + b"\r\n", 431, "130 headers"),
        (b"GET / HTTP/1.1\nHost: a\n\n", 400, "CR and LF"),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400, "TLS was begun"),
        (b"\x00\x01\x02", 400, "no method"),
    ],
)
def test_what_is_too_much_or_nothing_is_refused_early(data, status, words):
    """Whoever sends it need not come to an end."""
    refused = refusal(data, LIMITS._replace(max_head_bytes=2000))
    assert refused.status == status
    assert words in refused.text


def test_a_chunked_body_has_the_limit_of_any_other():
    """Chunks do not say how much will come."""
    limits = LIMITS._replace(max_body_bytes=4)
    assert refusal(CHUNKED, limits).status == 413
    [(_, body)], _ = parse(CHUNKED, limits=limits._replace(max_body_bytes=5))
    assert body == b"hello"


def test_a_head_that_comes_again_is_known():
    """Unless it is long, or its body comes in chunks; another one is read."""
    (first, _), (again, body), (other, _) = parse(POST + POST + GET)[0]
    assert again is first
    assert body == b"hello"
    assert other is not first
    long = POST.replace(b"Host", b"X: %b\r\nHost" % (b"y" * MAX_KEPT_BYTES))
    for data in (long, CHUNKED):
        [(one, _)], parser = parse(data)
        assert parser.receive(data)
        assert parser.take()[0] is not one


def test_other_connections_know_it_too():
    """As many as are kept; then all are forgotten."""
    heads = RecentHeads()
    found = []
    for _ in range(2):
        parser = RequestParser(LIMITS, heads)
        assert parser.receive(POST)
        found.append(parser.take()[0])
    assert found[0] is found[1]
    for number in range(MAX_KEPT):
        heads.read(b"GET /%d HTTP/1.1\r\nHost: a\r\n\r\n" % number, LIMITS)
    assert heads.read(POST[:-5], LIMITS) is not found[0]


@pytest.mark.parametrize("name", ["get", "post", "1.0", "upgrade"])
def test_what_comes_again_at_once_is_as_it_was(name):
    """The same head and a body as long; whatever is otherwise is received as usual."""
    data, body = WHOLE[name], BODIES[name]
    _, parser = parse(data)
    for again in (body, body[::-1]):
        head, found = parser.at_once(data[: len(data) - len(body)] + again)
        assert (head.path, head.length, found) == (data.split()[1], len(body), again)
    for other in (data[:-1], data + b"x", data + data, CHUNKED, GET[:5] + b"x" + GET[6:], b""):
        assert parser.at_once(other) is None
    parser.hold(b"GET")
    assert parser.at_once(data) is None


def test_what_is_not_known_again_is_not_taken_at_once():
    """Chunks, and long heads; nor anything before the first request."""
    long = POST.replace(b"Host", b"X: %b\r\nHost" % (b"y" * MAX_KEPT_BYTES))
    for data in (CHUNKED, long):
        parser = RequestParser(LIMITS, RecentHeads())
        assert parser.at_once(b"") is None
        assert parser.receive(data)
        parser.take()
        assert parser.at_once(data) is None
