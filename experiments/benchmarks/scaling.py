"""Measure how our own service grows: with callers, rows, bytes, workers, inputs and signatures.

Nothing may grow faster than its work. So each point has its time per unit of work: for a request,
a row, a MiB, or an input of it. Where a peer can do the same for little, it is measured beside.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from experiments.benchmarks import comparison, load, results, rounds, server
from experiments.benchmarks.cases import BY_NAME as CASES
from experiments.benchmarks.curves import Curve
from experiments.benchmarks.load import Shape
from experiments.benchmarks.peers import Peer
from experiments.benchmarks.peers.registry import BY_NAME as PEERS
from experiments.benchmarks.rounds import Result
from experiments.benchmarks.server import Asked, Server


def run(curves: Sequence[Curve], seconds: float, path: Path) -> int:
    """Measure curves into a file of results; returns how many points have a problem."""
    load.install()
    peers = [PEERS[name] for name in dict.fromkeys(it for curve in curves for it in curve.peers)]
    told = results.origin(peers, [CASES["noop"], CASES["iris"]])
    told["seconds"] = seconds
    points = (point for curve in curves for point in measured(curve, seconds))
    return results.as_they_come(told, points, path)


def measured(curve: Curve, seconds: float) -> Iterator[dict[str, Any]]:
    """Yield the points of a curve, peer after peer, and print each."""
    for peer in [PEERS[name] for name in curve.peers]:
        # A limit answers what it was started with.
        alone = curve.restarts or peer.is_limit
        for sizes in [[size] for size in curve.sizes] if alone else [curve.sizes]:
            points = _points(curve, peer, sizes, seconds)
            for result, size in zip(points, sizes, strict=True):
                about = f"{curve.name:<12} {size:>6}  {peer.name:<20}"
                print(f"{about} {comparison.figures(result)}", flush=True)
                yield {"curve": curve.name, "size": size, **result._asdict()}


def _points(curve: Curve, peer: Peer, sizes: Sequence[int], seconds: float) -> Iterator[Result]:
    """Start a peer once, and load it at each of these sizes."""
    questions = [curve.build(peer, size) for size in sizes]
    left = [Result(peer.name, it.case.name, curve.shape(size).name, 1)
            for it, size in zip(questions, sizes)]  # fmt: skip
    try:
        with server.running(questions[0]) as up:
            rounds.warm_up(questions[0], up)
            for asked, size in zip(questions, sizes):
                empty = left.pop(0)
                yield _measured(asked, up, curve.shape(size), seconds, empty)
    except (server.ServerError, load.LoadError) as error:
        for empty in left:
            yield empty._replace(problem=str(error))


def _measured(asked: Asked, up: Server, shape: Shape, seconds: float, empty: Result) -> Result:
    problem = asked.problem(up.port)
    if problem:
        return empty._replace(problem=f"before: {problem}")
    up = up._replace(reply_bytes=len(asked.answer(up.port)))
    return rounds.measured(asked, up, shape, seconds, empty)
