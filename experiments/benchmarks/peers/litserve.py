"""LitServe, which speaks JSON over HTTP."""

from experiments.benchmarks.peers import FRAMEWORKS, SERVERS, Peer, Setup, Start, nothing
from experiments.benchmarks.protocols import HTTP, Protocol, json_rows, read_json_rows

JSON = Protocol(HTTP, "/predict", json_rows, read_json_rows)


def _start(setup: Setup) -> Start:
    script = str(SERVERS / "litserve_api.py")
    return Start([str(setup.python), script, *setup.served, str(setup.port)])


PEERS = (
    Peer(
        "litserve",
        "LitServe REST",
        "litserve",
        ("litserve", "numpy", "scikit-learn"),
        JSON,
        ("iris", "noop", "1mib-typed", "image-json", *FRAMEWORKS),
        nothing,
        _start,
    ),
)
