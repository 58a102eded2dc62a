"""Ray Serve over gRPC, whose messages are the user's own: here bytes; and over HTTP, in JSON."""

import numpy as np

from experiments.benchmarks import wire
from experiments.benchmarks.cases import Case
from experiments.benchmarks.peers import SERVERS, Peer, Setup, Start, nothing
from experiments.benchmarks.protocols import GRPC, HTTP, Protocol, json_rows, read_json_rows


def _encode(case: Case) -> bytes:
    """Write google.protobuf.BytesValue of the input's bytes."""
    return wire.field(1, case.make().astype("<f4").tobytes())


def _decode(reply: bytes) -> np.ndarray:
    """Read google.protobuf.BytesValue of float32."""
    return np.frombuffer(dict(wire.fields(reply)).get(1, b""), "<f4")


def _start(kind: str):
    def start(setup: Setup) -> Start:
        ports = [str(setup.port), str(setup.other_ports[0])]  # gRPC's, then HTTP's
        if kind == HTTP:
            ports.reverse()
        script = str(SERVERS / "ray_service.py")
        environ = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_TMPDIR": str(setup.folder)}
        return Start([str(setup.python), script, *setup.served, *ports], environ)

    return start


def _peer(name: str, title: str, protocol: Protocol, cases: tuple[str, ...]) -> Peer:
    packages = ("ray", "grpcio", "numpy", "scikit-learn")
    start = _start(protocol.kind)
    return Peer(name, title, "ray-serve", packages, protocol, cases, nothing, start)


PEERS = (
    _peer("ray-serve", "Ray Serve gRPC",
          Protocol(GRPC, "/benchmark.Service/Predict", _encode, _decode),
          ("iris", "noop", "1mib-raw")),
    _peer("ray-serve-rest", "Ray Serve REST", Protocol(HTTP, "/", json_rows, read_json_rows),
          ("iris", "image-json")),
)  # fmt: skip
