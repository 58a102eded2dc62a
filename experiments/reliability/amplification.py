"""Amplification: few bytes on the wire must not become many in memory.

Each form is sent to a service of its own, since memory that was once taken is kept for the next
request and would hide what that takes.
"""

import argparse
from collections.abc import Callable
from typing import NamedTuple

from experiments.reliability import serving
from experiments.reliability.experiment import Experiment, Findings, Goal
from tests.support.hostile.amplifiers import AMPLIFIERS, Amplifier, bomb
from tests.support.hostile.http2 import Client, framed
from tests.support.memory import Peak
from tests.support.servers import PREDICT, Server, assert_bit_exact, channel

WIRE_BYTES = 2 * 10**6
# The front keeps bytes: as received, in one piece, and on their way to a worker.
FRONT_TIMES = 4
# A worker makes Python's objects of protobuf's, an empty string or entry of two bytes being the
# smallest: 64 bytes and more each, and a reference to it.
WORKER_TIMES = 80
# Core unpacks piece by piece; what it has by then, in pieces and in one, is refused or handed over.
GZIP_TIMES = 8
LIMIT_BYTES = 256 * 2**20
CALL_SECONDS = 120
CHANNEL = (("grpc.max_send_message_length", -1),)
GZIP = [("grpc-encoding", "gzip")]


class Growth(NamedTuple):
    """By how much a form made the front and the worker grow at most, all in bytes."""

    name: str
    wire: int
    front: int
    worker: int
    status: str


def describe(parser: argparse.ArgumentParser) -> None:
    """Add the experiment's arguments."""
    add = parser.add_argument
    add("--bytes", type=int, default=WIRE_BYTES, help=f"of each request (default {WIRE_BYTES})")
    add("--forms", nargs="*", metavar="NAME", help="of requests (default all)")
    add("--limit", type=int, default=LIMIT_BYTES, metavar="BYTES",
        help=f"RUNTIME_MAX_MESSAGE_BYTES of the gzip bombs (default {LIMIT_BYTES})")  # fmt: skip
    add("--transport", default="auto", help="RUNTIME_GRPC_TRANSPORT (default auto)")


def run(arguments: argparse.Namespace, tell: Callable[[str], None]) -> Findings:
    """Send every form, and then what gzip makes of it."""
    chosen = [each for each in AMPLIFIERS if not arguments.forms or each.name in arguments.forms]
    growths = []
    for amplifier in chosen:
        growths.append(_measured(amplifier, arguments.bytes, arguments.transport))
        tell(_in_words(growths[-1]))
    bombs = {name: _burst(bomb(size), arguments) for name, size in _bombs(arguments).items()}
    tell(f"gzip bombs: {bombs}")
    return _findings(growths, bombs)


def _bombs(arguments: argparse.Namespace) -> dict[str, int]:
    """Return what the bombs unpack to: just within the limit, and as much as the wire carries."""
    return {"within": arguments.limit, "beyond": 1000 * arguments.bytes}


def _measured(amplifier: Amplifier, size_bytes: int, transport: str) -> Growth:
    payload = amplifier.write(size_bytes)
    with serving.warm(RUNTIME_GRPC_TRANSPORT=transport) as server:
        (worker,) = server.workers
        peaks = Peak(server.front), Peak(worker)
        status = _status_of(server, payload)
        front, behind = (peak.grown_bytes for peak in peaks)
        with channel(server.address) as connection:
            assert_bit_exact(connection)
        assert server.workers == [worker], "the worker did not survive"
    return Growth(amplifier.name, len(payload), front, behind, status)


def _status_of(server: Server, payload: bytes) -> str:
    with channel(server.address, *CHANNEL) as connection:
        call = connection.unary_unary(PREDICT, None, None).future(payload, timeout=CALL_SECONDS)
        return str(call.code().name)


def _burst(packed: bytes, arguments: argparse.Namespace) -> float:
    """Send a gzip bomb; returns what the front grew by, in times the limit."""
    settings = {
        "RUNTIME_GRPC_TRANSPORT": arguments.transport,
        "RUNTIME_CONNECTION_AGE": "5min",
        "RUNTIME_MAX_MESSAGE_BYTES": str(arguments.limit),
    }
    with serving.warm(**settings) as server:
        peak = Peak(server.front)
        with Client(server.address, CALL_SECONDS) as client:
            stream = client.begin(GZIP)
            client.send(stream, framed(packed, 1))
            client.outcome(stream)
        return round(peak.grown_bytes / arguments.limit, 1)


def _findings(growths: list[Growth], bombs: dict[str, float]) -> Findings:
    front = max(growths, key=lambda each: each.front / each.wire)
    worker = max(growths, key=lambda each: each.worker / each.wire)
    goals = [
        Goal(f"the front at its peak ({front.name})", front.front / front.wire,
             "times the wire", at_most=FRONT_TIMES),
        Goal(f"a worker at its peak ({worker.name})", worker.worker / worker.wire,
             "times the wire", at_most=WORKER_TIMES),
        Goal("the front at its peak, by a gzip bomb", max(bombs.values()),
             "times RUNTIME_MAX_MESSAGE_BYTES", at_most=GZIP_TIMES),
    ]  # fmt: skip
    most = max(each.wire for each in growths)
    counts = {"forms": len(growths), "bytes of each, at most": most, "gzip bombs": len(bombs)}
    rows = {
        each.name: {
            "front": round(each.front / each.wire, 1),
            "worker": round(each.worker / each.wire, 1),
            "status": each.status,
        }
        for each in growths
    }
    return Findings(counts, goals, {"times the wire": rows, "gzip, times the limit": bombs})


def _in_words(growth: Growth) -> str:
    front, worker = (part / growth.wire for part in (growth.front, growth.worker))
    return f"{growth.name}: front {front:.1f}, worker {worker:.1f} times the wire; {growth.status}"


EXPERIMENT = Experiment(
    "amplification",
    "2 MB on the wire take at most four times that in the front, and a bounded part in a worker.",
    describe,
    run,
)
