import gzip
import zlib

import pytest

from serving_runtime.server.http import compression
from serving_runtime.server.http.refusals import Refusal

BODY = b"0123456789" * 1000


def bare(body):
    """Return a body in a deflate stream without zlib's frame."""
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(body) + packer.flush()


@pytest.mark.parametrize(
    ("text", "coding"),
    [("gzip", "gzip"), (" GZip ", "gzip"), ("x-gzip", "gzip"), ("deflate", "deflate"),
     ("identity", ""), ("", "")],
)  # fmt: skip
def test_known_codings(text, coding):
    """By any of their names."""
    assert compression.coding_of(text) == coding


@pytest.mark.parametrize("text", ["br", "zstd", "gzip, gzip", "compress", "x" * 1000])
def test_an_unknown_coding_is_told_the_known_ones(text):
    """In words, and in the header that says so."""
    with pytest.raises(Refusal) as caught:
        compression.coding_of(text)
    assert caught.value.status == 415
    assert caught.value.headers == (("accept-encoding", "gzip, deflate"),)
    assert len(caught.value.text) < 200


@pytest.mark.parametrize(
    ("coding", "pack"), [("gzip", gzip.compress), ("deflate", zlib.compress), ("deflate", bare)]
)
@pytest.mark.parametrize("body", [b"", b"x", BODY])
def test_a_body_is_unpacked(coding, pack, body):
    """Deflate in either of the forms that clients send; up to the limit, and no further."""
    assert compression.unpack(pack(body), coding, len(body)) == body
    if body:
        with pytest.raises(Refusal) as caught:
            compression.unpack(pack(body), coding, len(body) - 1)
        assert caught.value.status == 413


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
@pytest.mark.parametrize(
    "spoil",
    [lambda it: it[:-1], lambda it: it + b"x", lambda it: b"", lambda it: b"\xff" * 20,
     lambda it: it + it, lambda it: it[:-1] + bytes([it[-1] ^ 1])],
)  # fmt: skip
def test_what_is_not_packed_so_is_refused(coding, spoil):
    """Cut short, followed by something else, of a wrong sum, or nothing at all."""
    packed = gzip.compress(BODY) if coding == "gzip" else zlib.compress(BODY)
    with pytest.raises(Refusal) as caught:
        compression.unpack(spoil(packed), coding, 1 << 20)
    assert caught.value.status == 400
    assert coding in caught.value.text


def test_only_what_takes_no_time_is_unpacked_at_once():
    """Neither what is large, nor what becomes large."""
    most = compression.AT_ONCE_BYTES
    small, bomb = gzip.compress(bytes(most)), gzip.compress(bytes(most + 1))
    assert compression.unpack_small(small, "gzip", 1 << 30) == bytes(most)
    assert compression.unpack_small(bomb, "gzip", 1 << 30) is None
    assert compression.unpack_small(bytes(most + 1), "gzip", 1 << 30) is None


@pytest.mark.parametrize(
    ("text", "wanted"),
    [("gzip", True), ("deflate, gzip;q=0.5", True), ("*", True), ("GZIP", True), ("br", False),
     ("gzip;q=0", False), ("gzip; q=0.00", False), ("", False), ("deflate", False)],
)  # fmt: skip
def test_who_wants_replies_packed(text, wanted):
    """As the standard has it."""
    assert compression.is_wanted(text) is wanted


def test_a_packed_reply_is_gzip():
    """Which every client knows."""
    assert gzip.decompress(compression.pack(BODY)) == BODY
