import pytest

from serving_runtime.server.http.limits import Limits
from serving_runtime.server.http.parser.head import CHUNKED, read_head
from serving_runtime.server.http.refusals import Refusal

LIMITS = Limits(max_body_bytes=1 << 20, idle_seconds=75.0, body_seconds=600.0)


def head(*lines, start=b"POST / HTTP/1.1", host=b"Host: a"):
    """Return the bytes of a head."""
    return b"\r\n".join([start, *([host] if host else []), *lines, b"", b""])


REFUSED = {
    "a folded line": (head(b"X: a", b" b"), 400),
    "a line folded by a tab": (head(b"X: a", b"\tb"), 400),
    "a folded coding": (head(b"Transfer-Encoding:", b" chunked"), 400),
    "a fold in the first line": (head(b"X: a", host=b" Host: a"), 400),
    "a length and chunks": (head(b"Content-Length: 5", b"Transfer-Encoding: chunked"), 400),
    "chunks and a length": (head(b"Transfer-Encoding: chunked", b"Content-Length: 5"), 400),
    "two lengths": (head(b"Content-Length: 5", b"Content-Length: 5"), 400),
    "two lengths that differ": (head(b"Content-Length: 5", b"content-length: 6"), 400),
    "a list of lengths": (head(b"Content-Length: 5, 5"), 400),
    "a signed length": (head(b"Content-Length: +5"), 400),
    "a negative length": (head(b"Content-Length: -5"), 400),
    "a length with a blank": (head(b"Content-Length: 5 5"), 400),
    "a length in hex": (head(b"Content-Length: 0x5"), 400),
    "an empty length": (head(b"Content-Length: "), 400),
    "a length in other digits": (head("Content-Length: \u0665".encode()), 400),
    "a length of 19 digits": (head(b"Content-Length: 1000000000000000000"), 400),
    "a length beyond any": (head(b"Content-Length: 99999999999999999999999"), 400),
    "a blank before the colon": (head(b"Content-Length : 5"), 400),
    "a coding that is not known": (head(b"Transfer-Encoding: gzip, chunked"), 501),
    "a coding like the known one": (head(b"Transfer-Encoding: xchunked"), 400),
    "chunked, but not last": (head(b"Transfer-Encoding: chunked, identity"), 400),
    "chunked twice": (head(b"Transfer-Encoding: chunked", b"Transfer-Encoding: chunked"), 501),
    "chunks in 1.0": (head(b"Transfer-Encoding: chunked", start=b"POST / HTTP/1.0"), 400),
    "no host": (head(host=b""), 400),
    "two hosts": (head(b"Host: b"), 400),
    "a host with a path": (head(host=b"Host: a/b"), 400),
    "a header without a name": (head(b": b"), 400),
    "a header without a colon": (head(b"word"), 400),
    "a name with a bracket": (head(b"a(: b"), 400),
    "a zero byte": (head(b"X: a\x00b"), 400),
    "a bare CR": (head(b"X: a\rb"), 400),
    "a head that ends with a bare CR": (
        b"GET / HTTP/1.1\r\nHost: a\r\n\r\x00" + head(start=b"GET /evil HTTP/1.1"),
        400,
    ),
    "an upgrade that ends with a bare CR": (
        b"GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\rX" + head(),
        400,
    ),
    "a bare LF": (head(b"X: a\nb: c"), 400),
    "HTTP/2": (b"PRI * HTTP/2.0\r\n\r\n", 505),
    "HTTP/2.0 as a version": (head(start=b"GET / HTTP/2.0"), 505),
    "HTTP/0.9": (b"GET /\r\n\r\n", 505),
    "a version that is none": (head(start=b"GET / HTTP/1.9"), 400),
    "a method that is none": (head(start=b"FROB / HTTP/1.1"), 501),
    "a blank in the target": (head(start=b"GET /a b HTTP/1.1"), 400),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused(name):
    """On every release of the library: none of it may be read in two ways."""
    data, status = REFUSED[name]
    with pytest.raises(Refusal) as caught:
        read_head(data, LIMITS)
    # Newer releases refuse what is ours to refuse on older ones, as no request of HTTP.
    assert caught.value.status in (status, 400)
    assert caught.value.text


def test_wanted_headers_are_kept_and_no_others():
    """By names in small letters, without the blanks around their values."""
    read = read_head(head(b"X-Request-ID: \t one ", b"X-Secret: two", b"ACCEPT: */*"), LIMITS)
    assert read.headers == {b"host": b"a", b"x-request-id": b"one", b"accept": b"*/*"}
    assert read.text(b"x-request-id") == "one"
    assert read.text(b"origin") == ""


def test_a_header_that_comes_twice_is_one_list():
    """So that whoever takes one value refuses it, and none is chosen in silence."""
    read = read_head(head(b"Content-Encoding: gzip", b"content-encoding: gzip"), LIMITS)
    assert read.text(b"content-encoding") == "gzip, gzip"


@pytest.mark.parametrize(
    ("lines", "length"),
    [([], 0), ([b"Content-Length: 0"], 0), ([b"Content-Length: 007 "], 7),
     ([b"Transfer-Encoding: Chunked"], CHUNKED)],
)  # fmt: skip
def test_the_length_of_a_body(lines, length):
    """Without either header there is none."""
    assert read_head(head(*lines), LIMITS).length == length


@pytest.mark.parametrize(
    ("target", "path"),
    [
        (b"/v2/models?x=y?z", b"/v2/models"),
        (b"/", b"/"),
        (b"http://host:8080/v2?x", b"/v2"),
        (b"HTTPS://host", b"/"),
        (b"*", b"*"),
        (b"/a%2Fb/c:predict", b"/a%2Fb/c:predict"),
    ],
)
def test_the_path_of_a_target(target, path):
    """Proxies name the server too; a query is for nobody here."""
    assert read_head(head(start=b"OPTIONS " + target + b" HTTP/1.1"), LIMITS).path == path


@pytest.mark.parametrize(
    ("version", "lines", "keeps"),
    [
        (b"1.1", [], True),
        (b"1.1", [b"Connection: close"], False),
        (b"1.1", [b"Connection: TE,  Close"], False),
        (b"1.1", [b"Connection: TE", b"Connection: close"], False),
        (b"1.1", [b"Connection: Keep-Alive"], True),
        (b"1.0", [], False),
        (b"1.0", [b"Connection: keep-alive"], True),
    ],
)
def test_whether_the_client_goes_on(version, lines, keeps):
    """As its version has it, or as it says."""
    read = read_head(head(*lines, start=b"GET / HTTP/" + version), LIMITS)
    assert read.keeps_alive is keeps
