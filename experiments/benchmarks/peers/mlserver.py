"""MLServer: with one worker process, its default, and with none."""

import json

from experiments.benchmarks.cases import IRIS
from experiments.benchmarks.peers import (
    ARRAYS,
    FRAMEWORKS,
    MESSAGE_BYTES,
    SERVERS,
    Peer,
    Setup,
    Start,
)
from experiments.benchmarks.protocols import INFERENCE


def _prepare(workers: int):
    def prepare(setup: Setup) -> None:
        http_port, metrics_port = setup.other_ports[:2]
        settings = {
            "host": "127.0.0.1",
            "grpc_port": setup.port,
            "http_port": http_port,
            "metrics_port": metrics_port,
            "parallel_workers": workers,
            "grpc_max_message_length": MESSAGE_BYTES,
            "debug": False,
        }
        (setup.folder / "settings.json").write_text(json.dumps(settings))
        (setup.folder / "model-settings.json").write_text(json.dumps(_model(setup)))

    return prepare


def _model(setup: Setup) -> dict:
    name, folder, framework = setup.served
    if name == IRIS:
        parameters = {"uri": f"{folder}/iris.joblib"}
        return {"name": name, "implementation": "mlserver_sklearn.SKLearnModel",
                "parameters": parameters}  # fmt: skip
    extra = {"model": name, "folder": folder, "framework": framework}
    return {"name": name, "implementation": "mlserver_model.Served", "parameters": {"extra": extra}}


def _start(setup: Setup) -> Start:
    command = [str(setup.python.with_name("mlserver")), "start", str(setup.folder)]
    return Start(command, {"PYTHONPATH": str(SERVERS)})


def _peer(name: str, title: str, workers: int) -> Peer:
    packages = ("mlserver", "mlserver-sklearn", "grpcio", "numpy", "scikit-learn", "uvloop")
    cases = ("iris", *ARRAYS, *FRAMEWORKS)
    return Peer(name, title, "mlserver", packages, INFERENCE, cases, _prepare(workers), _start)


PEERS = (
    _peer("mlserver", "MLServer gRPC, one worker", 1),
    _peer("mlserver-in-process", "MLServer gRPC, in process", 0),
)
