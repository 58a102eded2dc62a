"""The sample service of Hydrosphere's documentation, with a function written as its users did."""

import shutil

from experiments.benchmarks import wire
from experiments.benchmarks.peers import ARRAYS, SERVERS, Peer, Setup, Start
from experiments.benchmarks.protocols import PREDICT, SIGNATURE


def _prepare(setup: Setup) -> None:
    source = setup.folder / "model" / "files" / "src"
    source.mkdir(parents=True)
    shutil.copy(SERVERS / "seeds_func_main.py", source / "func_main.py")
    # ModelContract{1: model_name, 2: ModelSignature{1: signature_name}}
    contract = wire.field(1, setup.case.model) + wire.field(2, wire.field(1, SIGNATURE))
    (setup.folder / "model" / "contract.protobin").write_bytes(contract)


def _start(setup: Setup) -> Start:
    arguments = [str(SERVERS / "seeds.py"), str(setup.folder / "model"), str(setup.port)]
    name, folder, framework = setup.served
    environ = {
        "PYTHONPATH": str(SERVERS),
        "BENCH_MODEL": name,
        "BENCH_FOLDER": folder,
        "BENCH_FRAMEWORK": framework,
    }
    return Start([str(setup.python), *arguments], environ)


PEERS = (
    Peer(
        "seeds",
        "Hydrosphere's sample service",
        "serving-runtime",
        ("grpcio", "numpy", "scikit-learn"),
        PREDICT,
        ("iris", *ARRAYS),
        _prepare,
        _start,
    ),
)
