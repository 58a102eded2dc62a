"""BentoML, which speaks JSON over HTTP."""

from experiments.benchmarks.peers import SERVERS, Peer, Setup, Start, nothing
from experiments.benchmarks.peers.litserve import JSON


def _start(setup: Setup) -> Start:
    name, folder, framework = setup.served
    command = [str(setup.python), "-m", "bentoml", "serve", "bentoml_service:Served"]
    command += ["--working-dir", str(SERVERS), "--host", "127.0.0.1", "--port", str(setup.port)]
    environ = {
        "BENCH_MODEL": name,
        "BENCH_FOLDER": folder,
        "BENCH_FRAMEWORK": framework,
        "BENTOML_HOME": str(setup.folder),
        "BENTOML_DO_NOT_TRACK": "true",
    }
    return Start(command, environ)


PEERS = (
    Peer(
        "bentoml",
        "BentoML REST",
        "bentoml",
        ("bentoml", "numpy", "scikit-learn"),
        JSON,
        ("iris", "noop", "1mib-typed", "image-json"),
        nothing,
        _start,
    ),
)
