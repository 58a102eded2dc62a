"""mosec, whose front is written in Rust; it speaks JSON over HTTP."""

from experiments.benchmarks.peers import SERVERS, Peer, Setup, Start, nothing
from experiments.benchmarks.protocols import HTTP, Protocol, json_rows, read_json_rows


def _start(setup: Setup) -> Start:
    name, folder, framework = setup.served
    command = [str(setup.python), str(SERVERS / "mosec_service.py")]
    command += [
        "--address",
        "127.0.0.1",
        "--port",
        str(setup.port),
        "--path",
        str(setup.folder / "ipc"),
    ]
    environ = {"BENCH_MODEL": name, "BENCH_FOLDER": folder, "BENCH_FRAMEWORK": framework}
    return Start(command, environ)


PEERS = (
    Peer(
        "mosec",
        "mosec REST, batching",
        "mosec",
        ("mosec", "numpy", "scikit-learn"),
        Protocol(HTTP, "/inference", json_rows, read_json_rows),
        ("iris", "image-json"),
        nothing,
        _start,
    ),
)
