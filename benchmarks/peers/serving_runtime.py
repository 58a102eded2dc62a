"""This repository's own service, as `serving-runtime serve` starts it: no setting is changed."""

import shutil
from pathlib import Path

from benchmarks.cases import IRIS, NETWORK
from benchmarks.peers import ARRAYS, FRAMEWORKS, Peer, Setup, Start
from benchmarks.protocols import PREDICT

CONTRACT = """\
name: predict
inputs: {{x: {{shape: [-1, {columns}], type: float32}}}}
outputs: {{y: {{shape: {shape}, type: {dtype}}}}}
"""
# Functions of arrays, as users write them.
FUNCTIONS = {
    "noop": 'def predict(x):\n    return {"y": x}\n',
    "ends": 'def predict(x):\n    return {"y": x[:, [0, -1]]}\n',
}


def _prepare(setup: Setup) -> None:
    model = setup.folder / "model"
    (model / "files").mkdir(parents=True)
    contract = CONTRACT.format(columns=-1, shape="[-1, -1]", dtype="float32")
    if setup.case.model == IRIS:
        shutil.copy(setup.models / "iris.joblib", model / "files")
        contract = CONTRACT.format(columns=4, shape="[-1]", dtype="int64")
    elif setup.case.model == NETWORK:
        contract = CONTRACT.format(columns=64, shape="[-1, 10]", dtype="float32")
        _copy_network(setup.models, model / "files")
    else:
        (model / "files" / "src").mkdir()
        (model / "files" / "src" / "func_main.py").write_text(FUNCTIONS[setup.case.model])
    (model / "contract.yaml").write_text(contract)


def _copy_network(models: Path, files: Path) -> None:
    if (models / "network.pt").exists():
        shutil.copy(models / "network.pt", files)
    else:
        shutil.copytree(models / "network", files, dirs_exist_ok=True)


def _start(setup: Setup) -> Start:
    command = [str(setup.python), "-m", "serving_runtime.cli", "serve"]
    return Start([*command, str(setup.folder / "model"), "--port", str(setup.port)])


PEERS = (
    Peer(
        "serving-runtime",
        "this runtime",
        "serving-runtime",
        ("serving-runtime", "grpcio", "numpy", "scikit-learn", "tensorflow-cpu", "torch"),
        PREDICT,
        ("iris", *ARRAYS, *FRAMEWORKS),
        _prepare,
        _start,
    ),
)
