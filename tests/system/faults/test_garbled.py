import struct

import pytest

from tests.support.callers import Callers
from tests.support.forms import by_day
from tests.support.processes import wait_until
from tests.support.servers import SERVING, assert_bit_exact, failure, request
from tests.support.targets import TWO_WORKERS

# What user code may write to a descriptor that it takes for its own. A frame is a length, a kind
# and a body; 6 is a reply: a call's number, a status, the length of the details, and they.
HEADER, REPLY_KIND = struct.Struct("<QB"), 6
REPLY = struct.Struct("<QBH?")
TEXT = b"a line that was meant for another descriptor\n"
GARBAGE = {
    "text": TEXT,
    "a giant length": HEADER.pack(2**63, REPLY_KIND) + TEXT,
    "a reply to nobody": HEADER.pack(REPLY.size, REPLY_KIND) + REPLY.pack(2**40, 0, 0, False),
    "a status that there is not": HEADER.pack(REPLY.size, REPLY_KIND) + REPLY.pack(1, 99, 0, False),
    "a reply that is too short": HEADER.pack(1, REPLY_KIND) + b"x",
    "invalid UTF-8": HEADER.pack(REPLY.size + 2, REPLY_KIND)
    + REPLY.pack(1, 2, 2, False)
    + b"\xff\xfe",
}


@pytest.mark.parametrize("name", by_day(GARBAGE, "text", "a giant length"))
@pytest.mark.parametrize("workers", ["1", TWO_WORKERS])
def test_garbage_in_a_workers_socket_costs_only_whoever_wrote_it(serve, dial, name, workers):
    """The worker is ended and replaced; calls that it held are answered by another."""
    server = serve(RUNTIME_WORKERS=workers)
    wait_until(lambda: len(server.workers) == int(workers), "all workers")
    with Callers(server.address, 16) as others:
        told = failure(dial(server), request(f"garble {GARBAGE[name].hex()} then sleep 5"))
        others.wait_answers(64)
    assert (told.status, others.failures) == ("INTERNAL", [])
    assert "was not its own" in told.details
    assert server.health() == SERVING
    assert_bit_exact(dial(server))


def test_a_frame_that_never_ends_is_noticed_at_the_deadline(serve, dial):
    """Bytes that look like the beginning of a frame swallow all later ones: the worker hangs."""
    server = serve(RUNTIME_REQUEST_TIMEOUT="500ms", RUNTIME_HANG_GRACE="100ms")
    begun = HEADER.pack(10000, REPLY_KIND).hex()
    assert failure(dial(server), request(f"garble {begun}")).status == "DEADLINE_EXCEEDED"
    server.wait_log("stayed busy past a call's deadline")
    wait_until(lambda: server.log.count(" serves ") == 2, "another worker")
    assert_bit_exact(dial(server))
