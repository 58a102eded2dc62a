"""Define what grows, how far, and how the work of a request grows with it."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from experiments.benchmarks import wire
from experiments.benchmarks.cases import BY_NAME as CASES
from experiments.benchmarks.cases import Case, ends
from experiments.benchmarks.load import Shape
from experiments.benchmarks.peers import Peer, Setup, Start
from experiments.benchmarks.peers.serving_runtime import OURS, write_contract, write_functions
from experiments.benchmarks.protocols import SIGNATURE, tensor_proto
from experiments.benchmarks.server import Asked

KIBIBYTE_FLOATS = 2**10 // 4
FOUR = np.array([[1.5, -2.0, 3.25, 4.0]], np.float32)


class Curve(NamedTuple):
    """How the service behaves as one thing grows.

    Args:
        name: on the command line and in results.
        title: of its table and its plot.
        axis: what grows.
        work: what the time is told for: a noun.
        sizes: how far it grows.
        units: returns how many units of work a request of a size has.
        shape: returns the load at a size.
        build: returns the question to a peer at a size.
        peers: whom it is measured of.
        restarts: whether each size needs a server of its own.
    """

    name: str
    title: str
    axis: str
    work: str
    sizes: Sequence[int]
    units: Callable[[int], float]
    shape: Callable[[int], Shape]
    build: Callable[[Peer, int], Asked]
    peers: tuple[str, ...] = (OURS.name,)
    restarts: bool = False


def _asked(peer: Peer, case: Case) -> Asked:
    return Asked(peer, case, peer.protocol.encode(case))


def _iris(peer: Peer, size: int) -> Asked:
    return _asked(peer, CASES["iris"])


def _rows(peer: Peer, size: int) -> Asked:
    """Ask for the kinds of that many flowers at once."""
    flowers = np.repeat(CASES["iris"].make(), size, axis=0)
    kinds = np.full(size, 2)
    return _asked(peer, CASES["iris"]._replace(make=lambda: flowers, answer=lambda x: kinds))


def _payload(peer: Peer, size: int) -> Asked:
    """Send that many KiB of raw bytes to a model that does nearly nothing."""
    values = np.arange(size * KIBIBYTE_FLOATS, dtype=np.float32)[None] % 1021 + 0.5
    return _asked(peer, CASES["1mib-raw"]._replace(make=lambda: values, answer=ends))


def _workers(peer: Peer, size: int) -> Asked:
    return _asked(with_settings(peer, RUNTIME_WORKERS=str(size)), CASES["iris"])


def with_settings(peer: Peer, **settings: str) -> Peer:
    """Return a peer that is started with more environment variables."""

    def start(setup: Setup) -> Start:
        plain = peer.start(setup)
        return Start(plain.command, {**plain.environ, **settings})

    return peer._replace(start=start)


def _inputs(peer: Peer, size: int) -> Asked:
    """Ask a model that adds up so many inputs of `[1, 4]`."""
    names = [f"x{number}" for number in range(size)]
    source = f'def predict({", ".join(names)}):\n    return {{"y": {" + ".join(names)}}}\n'
    served = _serving(peer, [SIGNATURE], names, source)
    right = FOUR * size
    case = CASES["noop"]._replace(answer=lambda x: right)
    return Asked(served, case, _request(SIGNATURE, names))


def _signatures(peer: Peer, size: int) -> Asked:
    """Ask for the last of so many signatures."""
    names = [f"predict{number}" for number in range(size)]
    source = "".join(f'def {name}(x):\n    return {{"y": x}}\n\n\n' for name in names)
    served = _serving(peer, names, ["x"], source)
    case = CASES["noop"]._replace(make=lambda: FOUR, answer=lambda x: FOUR)
    return Asked(served, case, _request(names[-1], ["x"]))


def _serving(peer: Peer, signatures: Sequence[str], inputs: Sequence[str], source: str) -> Peer:
    """Return a peer that serves these functions."""

    def prepare(setup: Setup) -> None:
        write_functions(setup.folder, source)
        write_contract(setup.folder, contract_of(signatures, inputs))

    return peer._replace(prepare=prepare)


def contract_of(signatures: Sequence[str], inputs: Sequence[str]) -> str:
    """Write a contract whose signatures all take these inputs of four columns."""
    field = "{shape: [-1, 4], type: float32}"
    lines = ["signatures:"]
    for name in signatures:
        lines += [f"- name: {name}", "  inputs:"]
        lines += [f"    {it}: {field}" for it in inputs]
        lines += ["  outputs:", f"    y: {field}"]
    return "\n".join(lines) + "\n"


def _request(signature: str, inputs: Sequence[str]) -> bytes:
    """Write tensorflow.serving.PredictRequest with the same four numbers in each input."""
    tensor = tensor_proto(FOUR, as_content=False)
    entries = [wire.field(2, wire.field(1, name) + wire.field(2, tensor)) for name in inputs]
    return wire.field(1, wire.field(3, signature)) + b"".join(entries)


def _callers(count: int) -> Callable[[int], Shape]:
    return lambda size: Shape(count, count)


def _doubled(last: int, step: int = 2) -> list[int]:
    """Return 1, 2, 4, … up to the last, or 1, 4, 16, … with another step."""
    sizes = [1]
    while sizes[-1] * step <= last:
        sizes.append(sizes[-1] * step)
    return sizes


BESIDE = ("serving-runtime", "triton", "limit-queue")
CURVES = (
    Curve("concurrency", "Concurrency: iris, one row", "requests at a time", "request",
          _doubled(256), lambda size: 1, lambda size: Shape(size, size), _iris, BESIDE),
    Curve("rows", "Rows per request: iris, 8 at a time", "rows", "row",
          _doubled(4096, 4), lambda size: size, _callers(8), _rows),
    Curve("payload", "Payload: raw float32, one at a time", "KiB", "MiB",
          _doubled(64 * 1024, 4), lambda size: size / 1024, _callers(1), _payload, BESIDE),
    Curve("workers", "Workers: iris, 64 at a time", "worker processes", "request",
          (1, 2, 3, 4), lambda size: 1, _callers(64), _workers, restarts=True),
    Curve("inputs", "Inputs of a signature: [1, 4] each, 8 at a time", "inputs", "input",
          _doubled(64), lambda size: size, _callers(8), _inputs, restarts=True),
    Curve("signatures", "Signatures of a model: [1, 4], 8 at a time", "signatures", "request",
          _doubled(64), lambda size: 1, _callers(8), _signatures, restarts=True),
)  # fmt: skip
BY_NAME = {curve.name: curve for curve in CURVES}
