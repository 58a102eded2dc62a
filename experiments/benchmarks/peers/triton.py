"""Triton Inference Server, from the wheel of PyTriton: its Python backend, with batching on."""

from experiments.benchmarks.peers import ARRAYS, FRAMEWORKS, SERVERS, Peer, Setup, Start, nothing
from experiments.benchmarks.protocols import INFERENCE


def _start(setup: Setup) -> Start:
    script = str(SERVERS / "triton_model.py")
    ports = [str(setup.port), str(setup.other_ports[0])]
    environ = {
        "PYTRITON_HOME": str(setup.folder),
        # Its backend's process embeds a Python; it must be the one whose library it imports.
        "LD_LIBRARY_PATH": str(setup.python.resolve().parent.parent / "lib"),
    }
    return Start([str(setup.python), script, *setup.served, *ports], environ)


PEERS = (
    Peer(
        "triton",
        "Triton gRPC, batching",
        "triton",
        ("nvidia-pytriton", "numpy", "scikit-learn"),
        INFERENCE,
        ("iris", *ARRAYS, *FRAMEWORKS),
        nothing,
        _start,
    ),
)
