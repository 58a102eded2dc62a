"""This repository's own service, as `serving-runtime serve` starts it, in three protocols."""

import shutil
from pathlib import Path

from experiments.benchmarks.cases import IMAGE, IRIS, NETWORK
from experiments.benchmarks.peers import ARRAYS, FRAMEWORKS, Peer, Setup, Start
from experiments.benchmarks.protocols import INFERENCE, PREDICT, REST_INFERENCE

CONTRACT = """\
name: predict
inputs: {{x: {{shape: [-1, {columns}], type: float32}}}}
outputs: {{y: {{shape: {shape}, type: {dtype}}}}}
"""
# A need of the load generator, all else has its defaults: h2load counts what is under way on a
# connection that is asked to move as errors, and no peer asks connections to move while it serves.
SETTINGS = {"RUNTIME_CONNECTION_AGE": "24h"}
# Functions of arrays, as users write them.
FUNCTIONS = {
    "noop": 'def predict(x):\n    return {"y": x}\n',
    "ends": 'def predict(x):\n    return {"y": x[:, [0, -1]]}\n',
    "image": 'def predict(x):\n    return {"y": x.reshape(len(x), -1)[:, [0, -1]]}\n',
}


def _prepare(setup: Setup) -> None:
    files = setup.folder / "model" / "files"
    files.mkdir(parents=True)
    columns = "3, 224, 224" if setup.case.model == IMAGE else -1
    contract = CONTRACT.format(columns=columns, shape="[-1, -1]", dtype="float32")
    if setup.case.model == IRIS:
        shutil.copy(setup.models / "iris.joblib", files)
        contract = CONTRACT.format(columns=4, shape="[-1]", dtype="int64")
    elif setup.case.model == NETWORK:
        contract = CONTRACT.format(columns=64, shape="[-1, 10]", dtype="float32")
        _copy_network(setup.models, files)
    else:
        write_functions(setup.folder, FUNCTIONS[setup.case.model])
    write_contract(setup.folder, contract)


def write_functions(folder: Path, source: str) -> None:
    """Write a model of Python functions into a peer's folder."""
    path = folder / "model" / "files" / "src" / "func_main.py"
    path.parent.mkdir(parents=True)
    path.write_text(source)


def write_contract(folder: Path, contract: str) -> None:
    """Write the model's contract into a peer's folder."""
    (folder / "model" / "contract.yaml").write_text(contract)


def _copy_network(models: Path, files: Path) -> None:
    if (models / "network.pt").exists():
        shutil.copy(models / "network.pt", files)
    else:
        shutil.copytree(models / "network", files, dirs_exist_ok=True)


def _start(setup: Setup) -> Start:
    command = [str(setup.python), "-m", "serving_runtime.cli", "serve"]
    named = {"MODEL_NAME": setup.case.model}  # which requests of Open Inference name
    command += [str(setup.folder / "model"), "--port", str(setup.port)]
    return Start(command, {**SETTINGS, **named})


def _start_http(setup: Setup) -> Start:
    of_grpc = _start(setup._replace(port=setup.other_ports[0]))
    return of_grpc._replace(command=[*of_grpc.command, "--http-port", str(setup.port)])


OURS = Peer(
    "serving-runtime",
    "this runtime",
    "serving-runtime",
    ("serving-runtime", "grpcio", "numpy", "scikit-learn", "tensorflow-cpu", "torch"),
    PREDICT,
    ("iris", *ARRAYS, *FRAMEWORKS),
    _prepare,
    _start,
)
OPEN_INFERENCE = OURS._replace(
    name="serving-runtime-v2", title="this runtime, Open Inference", protocol=INFERENCE
)
REST = OURS._replace(
    name="serving-runtime-rest",
    title="this runtime, Open Inference REST",
    protocol=REST_INFERENCE,
    cases=("iris", "noop", "1mib-raw", "1mib-typed", "image-json"),
    start=_start_http,
)
PEERS = (OURS, OPEN_INFERENCE, REST)
