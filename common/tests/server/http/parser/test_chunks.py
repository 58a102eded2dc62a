import pytest

from serving_runtime.server.http.parser.chunks import MAX_DROPPED_BYTES, Chunks
from serving_runtime.server.http.refusals import Refusal

LAST = b"0\r\n\r\n"


def test_a_body_is_joined():
    """From chunks of any size; what stands beside their sizes is dropped."""
    chunks = Chunks(100)
    assert not chunks.receive(b'1\r\na\r\n00A;x="y"\r\n0123456789\r\n')
    assert chunks.receive(LAST)
    assert bytes(chunks.body) == b"a0123456789"
    assert not chunks.has_overrun


@pytest.mark.parametrize(
    "data",
    [b"3\r\nabcd\r\n", b"-3\r\nabc\r\n", b"0x3\r\nabc\r\n", b"3\nabc\n", b"3\r\nabc\n0\r\n\r\n",
     b"fffffffffffffffff\r\nabc\r\n", b"g\r\n", b"\r\n", b"3;a\nabc\r\n", b" 3\r\nabc\r\n"],
    ids=repr,
)  # fmt: skip
def test_chunks_that_are_none_are_refused(data):
    """Two servers must never disagree on where a body ends."""
    with pytest.raises(Refusal) as caught:
        Chunks(100).receive(data + LAST)
    assert caught.value.status == 400


@pytest.mark.parametrize("more", [b"GET / HTTP/1.1\r\n\r\n", b"\x00", b"G"])
def test_what_comes_behind_the_last_chunk_is_noticed(more):
    """It is not a part of this body, whatever it is."""
    chunks = Chunks(100)
    assert chunks.receive(b"1\r\na\r\n" + LAST + more)
    assert bytes(chunks.body) == b"a"
    assert chunks.has_overrun


@pytest.mark.parametrize("start", [b"1;", b"0\r\nX: "])
def test_what_is_dropped_has_a_limit(start):
    """Extensions and trailers never end, if their sender likes."""
    chunks = Chunks(100)
    chunks.receive(start)
    chunks.receive(b"y" * (MAX_DROPPED_BYTES - len(start)))
    with pytest.raises(Refusal) as caught:
        chunks.receive(b"yy")
    assert caught.value.status == 431
