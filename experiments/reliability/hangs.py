"""Calls that never end: each is answered at its deadline, and leaves nothing behind.

A client ends its own call at the deadline whatever the service does. So what counts is the time
that the service itself noted for it, in its log. Other clients call all the while, without a
deadline of their own, and must all be answered.
"""

import argparse
import os
import re
import time
from collections.abc import Callable
from typing import Any, NamedTuple

from experiments.reliability import calling, serving
from experiments.reliability.calling import Calling
from experiments.reliability.experiment import Experiment, Findings, Goal
from tests.support.callers import Callers
from tests.support.processes import name_of, parent_of, wait_until
from tests.support.servers import Server

# For the reason that the experiment `kills` has, connections do not grow old.
SETTINGS = {"RUNTIME_HANG_GRACE": "100ms", "RUNTIME_CONNECTION_AGE": "1h"}
# In Python, politely; in Python, at full speed; in C, holding the interpreter's lock, idle and not.
HANGS = ("sleep 1000", "loop", "hold 1000", "match")
DEADLINE_SECONDS = 0.5
MAX_LATE_MS = 50
# Idle threads of gRPC's pool end in their own time.
BACK_SECONDS = 60.0
# On a busy machine the client's deadline is a moment before the service's, which counts from when
# the call came: the service then learns that the client has given up.
_ENDED = re.compile(r" call .*status=(?:DEADLINE_EXCEEDED|CANCELLED) .*?\bms=([0-9.]+)")


class Belongings(NamedTuple):
    """What a service has: processes, and the threads and descriptors of its front."""

    processes: int
    threads: int
    descriptors: int


class Hang(NamedTuple):
    """How a call that hangs ended: its status, and the seconds until its client knew."""

    status: str
    seconds: float


def describe(parser: argparse.ArgumentParser) -> None:
    """Add the experiment's arguments."""
    add = parser.add_argument
    add("--calls", type=int, default=100, help="calls that hang, of each kind (default 100)")
    add("--clients", type=int, default=4, help="clients that call all the time (default 4)")
    calling.add_protocol(parser)


def run(arguments: argparse.Namespace, tell: Callable[[str], None]) -> Findings:
    """Send one call that hangs after the other, of each kind."""
    how = calling.of(arguments)
    with serving.obedient(**SETTINGS) as server:
        with how.connect(server) as connection:
            how.check(connection)
            # As many clients as later, since gRPC's pool of threads grows with them.
            with how.callers(server, arguments.clients):
                pass
            before = belongings(server)
            with how.callers(server, arguments.clients) as others:
                hangs = {
                    kind: _hang(how, connection, kind, arguments.calls, tell) for kind in HANGS
                }
                others.wait_answers(arguments.clients)
            after = _settled(server, before)
        left = _left_behind(server) if _is_more(after, before) else []
        late = _late_seconds(server, arguments.calls * len(HANGS))
    findings = _findings(hangs, late, others, before, after)
    return findings._replace(figures={**findings.figures, "left behind": left})


def _hang(
    how: Calling, connection: Any, kind: str, calls: int, tell: Callable[[str], None]
) -> list[Hang]:
    ended = []
    for _ in range(calls):
        began = time.monotonic()
        status = how.failure(connection, f"note hung then {kind}", DEADLINE_SECONDS).status
        ended.append(Hang(status, time.monotonic() - began))
    tell(f"{kind}: {calls} calls ended")
    return ended


def belongings(server: Server) -> Belongings:
    """Count what the service has now."""
    proc = f"/proc/{server.front}"
    listed = [len(os.listdir(f"{proc}/{what}")) for what in ("task", "fd")]
    return Belongings(len(server.processes), *listed)


def _settled(server: Server, before: Belongings) -> Belongings:
    """Return what the service has once every worker that hung is replaced, and its clients gone.

    What is returned is what was waited for, as one more look may meet what a replacement is made
    by. What grpc keeps for a connection is gone a moment after the connection.
    """
    until = time.monotonic() + BACK_SECONDS
    while not _are_replaced(server) and time.monotonic() < until:
        time.sleep(0.1)
    now = belongings(server)
    while _is_more(now, before) and time.monotonic() < until:
        time.sleep(0.1)
        now = belongings(server)
    return now


def _are_replaced(server: Server) -> bool:
    """Return whether each worker that hung has ended, and another serves in its place.

    A call whose deadline passes while both workers are replaced is given to none.
    """
    ends = serving.ends(server)
    is_ended = ends >= server.runs("hung")
    return is_ended and server.log.count(" serves ") >= serving.WORKERS + ends


def _is_more(now: Belongings, before: Belongings) -> bool:
    return any(have > had for have, had in zip(now, before, strict=True))


def _left_behind(server: Server) -> list[str]:
    """Name every process of the service, to tell which of them is one too many."""
    return [f"{pid} {name_of(pid)} (parent {parent_of(pid)})" for pid in server.processes]


def _late_seconds(server: Server, calls: int) -> list[float]:
    """Return by how much each call that hung was answered after its deadline, as the log has it."""
    wait_until(lambda: len(_ENDED.findall(server.log)) >= calls, "the log's lines")
    return [float(ms) / 1000 - DEADLINE_SECONDS for ms in _ENDED.findall(server.log)]


def _findings(
    hangs: dict[str, list[Hang]],
    late: list[float],
    others: Callers,
    before: Belongings,
    after: Belongings,
) -> Findings:
    every = [hang for ended in hangs.values() for hang in ended]
    by_service = serving.spread(late)
    wrong = sum(hang.status != "DEADLINE_EXCEEDED" for hang in every)
    goals = [
        Goal("calls that hung and were answered otherwise", wrong, at_most=0),
        Goal("answered after the deadline, 99th percentile", by_service["p99"], "ms",
             at_most=MAX_LATE_MS),
        Goal("other calls that failed", len(others.failures), at_most=0),
        *(
            Goal(f"{what} more than at the start", now - then, at_most=0)
            for what, then, now in zip(Belongings._fields, before, after, strict=True)
        ),
    ]  # fmt: skip
    by_client = [hang.seconds - DEADLINE_SECONDS for hang in every]
    figures = {
        "late, as the service has it, ms": by_service,
        "late, as the client has it, ms": serving.spread(by_client),
        "before": before._asdict(),
        "after": after._asdict(),
        "first failures": [list(failure) for failure in others.failures[:20]],
        "settings": {**SETTINGS, "RUNTIME_WORKERS": serving.WORKERS},
    }
    return Findings({"calls that hung": len(every), "other calls": others.answered}, goals, figures)


EXPERIMENT = Experiment(
    "hangs",
    "a call that hangs is answered at its deadline, and leaves nothing behind",
    describe,
    run,
)
