"""Whatever comes, it is read the same however it is cut, or refused."""

import random

import pytest

from serving_runtime.server.http.limits import Limits
from serving_runtime.server.http.parser import RecentHeads, RequestParser
from serving_runtime.server.http.refusals import Refusal

LIMITS = Limits(100, 75.0, 600.0, max_head_bytes=400, max_header_lines=6)
SEEDS = (
    b"GET /v2 HTTP/1.1\r\nHost: a\r\n\r\n",
    b"POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
    b"POST /c HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"3\r\nhel\r\n2;x\r\nlo\r\n0\r\n\r\n",
    b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
    b"POST /u HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n"
    b"Content-Length: 2\r\n\r\nhi",
)
HEADS = RecentHeads()  # which are known from one stream to the next
PIECES = (b"\r\n", b"\n", b"\r", b" ", b"\t", b":", b"\x00", b"\xff", b"0", b"-", b"chunked", b";",
          b"Content-Length: 3\r\n", b"Transfer-Encoding: chunked\r\n", b"0\r\n\r\n")  # fmt: skip


def mutated(draw):
    """Return the bytes of some requests with a few of them changed, dropped or put in."""
    data = bytearray(b"".join(draw.choice(SEEDS) for _ in range(draw.randint(1, 3))))
    for _ in range(draw.randint(0, 4)):
        place = draw.randrange(len(data))
        size = draw.choice((0, 0, 1, 3))
        data[place : place + size] = draw.choice(PIECES)
    return bytes(data)


def outcome(pieces):
    """Return the requests that some pieces of bytes are, and what ends them."""
    parser, found = RequestParser(LIMITS, HEADS), []
    try:
        for piece in pieces:
            request = parser.at_once(piece)
            is_whole = request is not None or parser.receive(piece)
            while is_whole:
                head, body = request or parser.take()
                request = None
                found.append((head.method, head.path, sorted(head.headers.items()), body))
                if not head.keeps_alive:
                    return found, "end"
                is_whole = parser.has_rest and parser.receive(b"")
    except Refusal as refusal:
        return found, "refused" if 400 <= refusal.status <= 505 and refusal.text else "wrong"
    return found, "more"


@pytest.mark.parametrize("seed", range(20))
def test_it_makes_no_difference_how_bytes_are_cut(seed):
    """Two readings of one stream would be two requests: the front's, and a proxy's."""
    draw = random.Random(seed)
    for _ in range(100):
        data = mutated(draw)
        singly = outcome([data[i : i + 1] for i in range(len(data))])
        cut = draw.randrange(len(data) + 1)
        halves, whole = outcome([data[:cut], data[cut:]]), outcome([data])
        for other in (halves, whole):
            # What follows a body in chunks may end the connection where it comes in the same read.
            shorter = min(len(other[0]), len(singly[0]))
            assert other[0][:shorter] == singly[0][:shorter], data
            assert other == singly or "end" in (other[1], singly[1]), data
