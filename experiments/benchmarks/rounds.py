"""Run all peers in turns: every round starts each one anew, loads it, and ends it.

One peer runs at a time: what idle ones do would be charged to it. Rounds alternate, so that what
the machine does meanwhile falls on all of them, and each start is a cold start that counts.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from experiments.benchmarks import load, measure, server
from experiments.benchmarks.cases import Case
from experiments.benchmarks.load import Load, Shape
from experiments.benchmarks.peers import Peer
from experiments.benchmarks.protocols import GRPC
from experiments.benchmarks.server import Asked, Server

WARM_UP_SECONDS = 1.0
WARM_UP = Shape(8, 8)
NO_ANSWER = "no request was answered"


class Plan(NamedTuple):
    """What to run."""

    peers: Sequence[Peer]
    cases: Sequence[Case]
    shapes: Sequence[Shape]
    seconds: float
    rounds: int


class Result(NamedTuple):
    """One peer's figures in one round; `problem` says why there are none."""

    peer: str
    case: str
    shape: str
    round: int
    requests_per_second: float = 0.0
    p50_ms: float = 0.0
    p99_ms: float = 0.0
    cpu_seconds_per_thousand: float = 0.0
    pss_mb: float = 0.0
    cold_start_seconds: float = 0.0
    errors: int = 0
    problem: str = ""


def run(plan: Plan) -> Iterator[Result]:
    """Yield results as they come, case by case and round by round."""
    for case in plan.cases:
        for number in range(1, plan.rounds + 1):
            for peer in plan.peers:
                if case.name in peer.cases:
                    yield from _one(peer, case, plan, number)


def _one(peer: Peer, case: Case, plan: Plan, number: int) -> Iterator[Result]:
    """Start a peer and load it in each of the shapes that its protocol knows."""
    asked = Asked(peer, case, peer.protocol.encode(case))
    is_grpc = peer.protocol.kind == GRPC
    shapes = [it for it in plan.shapes if is_grpc or it.connections == it.callers]
    left = [Result(peer.name, case.name, it.name, number) for it in shapes]
    try:
        with server.running(asked) as up:
            warm_up(asked, up)
            for shape in shapes:
                yield measured(asked, up, shape, plan.seconds, left.pop(0))
    except (server.ServerError, load.LoadError) as error:
        for empty in left:
            yield empty._replace(problem=str(error))


def warm_up(asked: Asked, up: Server) -> None:
    """Load a peer for a moment, and forget the figures.

    Raises:
        LoadError: the generator failed.
    """
    loaded(asked, up, WARM_UP, WARM_UP_SECONDS)


def measured(asked: Asked, up: Server, shape: Shape, seconds: float, empty: Result) -> Result:
    """Load a peer that answers rightly, and ask it once more afterwards.

    Args:
        asked: what the load asks.
        up: the peer; it has been warmed up.
        shape: of the load.
        seconds: how long.
        empty: says what the figures are of.

    Returns:
        ``empty`` with the figures, or with why there are none.
    """
    problem = asked.problem(up.port)
    if problem:
        return empty._replace(problem=f"before: {problem}")
    before = measure.use(up.pid)
    try:
        done = loaded(asked, up, shape, seconds)
    except load.LoadError as error:
        return empty._replace(problem=str(error))
    after = measure.use(up.pid)
    problem = asked.problem(up.port)
    figures = _figures(empty, done, after.cpu_seconds - before.cpu_seconds)
    return figures._replace(
        pss_mb=after.pss_mb,
        cold_start_seconds=up.cold_start_seconds,
        problem=f"after: {problem}" if problem else figures.problem,
    )


def _figures(empty: Result, done: Load, cpu_seconds: float) -> Result:
    answered = done.requests - done.errors
    if not answered:
        return empty._replace(errors=done.errors, problem=NO_ANSWER)
    return empty._replace(
        requests_per_second=done.per_second,
        p50_ms=done.p50_ms,
        p99_ms=done.p99_ms,
        cpu_seconds_per_thousand=1000 * cpu_seconds / answered,
        errors=done.errors,
    )


def loaded(asked: Asked, up: Server, shape: Shape, seconds: float) -> Load:
    """Load a peer with the generator of its protocol.

    Raises:
        LoadError: the generator failed.
    """
    url = f"http://127.0.0.1:{up.port}{asked.path}"
    if asked.peer.protocol.kind == GRPC:
        return load.h2load(url, asked.request, shape, seconds, up.reply_bytes)
    return load.wrk(url, asked.request, asked.headers, shape, seconds)
