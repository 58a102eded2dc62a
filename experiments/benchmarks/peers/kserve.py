"""KServe's Python server, called over gRPC and over REST."""

from experiments.benchmarks.peers import ARRAYS, MESSAGE_BYTES, SERVERS, Peer, Setup, Start, nothing
from experiments.benchmarks.protocols import HTTP, INFERENCE, JSON_INFERENCE, Protocol

SIZE_FLAGS = ("--grpc_max_receive_message_length", "--grpc_max_send_message_length")


def _start(protocol: Protocol):
    def start(setup: Setup) -> Start:
        ports = [setup.port, setup.other_ports[0]]  # gRPC's, then HTTP's
        if protocol.kind == HTTP:
            ports.reverse()
        script = str(SERVERS / "kserve_model.py")
        sizes = [part for flag in SIZE_FLAGS for part in (flag, str(MESSAGE_BYTES))]
        return Start([str(setup.python), script, *setup.served, *map(str, ports), *sizes])

    return start


def _peer(name: str, title: str, protocol: Protocol, cases: tuple[str, ...]) -> Peer:
    packages = ("kserve", "grpcio", "numpy", "scikit-learn")
    return Peer(name, title, "kserve", packages, protocol, cases, nothing, _start(protocol))


PEERS = (
    _peer("kserve", "KServe gRPC", INFERENCE, ("iris", *ARRAYS, "pytorch")),
    _peer(
        "kserve-rest", "KServe REST", JSON_INFERENCE, ("iris", "noop", "1mib-typed", "image-json")
    ),
)
