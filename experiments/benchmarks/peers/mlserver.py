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
from experiments.benchmarks.protocols import HTTP, INFERENCE, JSON_INFERENCE, Protocol


def _prepare(workers: int, protocol: Protocol):
    def prepare(setup: Setup) -> None:
        ports = [setup.port, setup.other_ports[0]]  # gRPC's, then HTTP's
        if protocol.kind == HTTP:
            ports.reverse()
        metrics_port = setup.other_ports[1]
        settings = {
            "host": "127.0.0.1",
            "grpc_port": ports[0],
            "http_port": ports[1],
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


def _peer(name: str, title: str, workers: int, protocol: Protocol, cases) -> Peer:
    packages = ("mlserver", "mlserver-sklearn", "grpcio", "numpy", "scikit-learn", "uvloop")
    prepare = _prepare(workers, protocol)
    return Peer(name, title, "mlserver", packages, protocol, cases, prepare, _start)


CASES = ("iris", *ARRAYS, *FRAMEWORKS)
PEERS = (
    _peer("mlserver", "MLServer gRPC, one worker", 1, INFERENCE, CASES),
    _peer("mlserver-in-process", "MLServer gRPC, in process", 0, INFERENCE, CASES),
    _peer("mlserver-rest", "MLServer REST, one worker", 1, JSON_INFERENCE, ("iris", "image-json")),
)
