"""TorchServe over gRPC: a handler of bytes, with one worker and its default of no batching."""

import subprocess

from experiments.benchmarks import wire
from experiments.benchmarks.cases import INPUT, Case
from experiments.benchmarks.peers import MESSAGE_BYTES, SERVERS, Peer, Setup, Start
from experiments.benchmarks.peers.ray_serve import _decode
from experiments.benchmarks.protocols import GRPC, Protocol

CONFIG = """\
inference_address=http://127.0.0.1:{0}
management_address=http://127.0.0.1:{1}
metrics_address=http://127.0.0.1:{2}
grpc_inference_address=127.0.0.1
grpc_management_address=127.0.0.1
grpc_inference_port={port}
grpc_management_port={3}
default_workers_per_model=1
disable_token_authorization=true
max_request_size={size}
max_response_size={size}
"""


def _encode(case: Case) -> bytes:
    """Write org.pytorch.serve.grpc.inference.PredictionsRequest."""
    entry = wire.field(1, INPUT) + wire.field(2, case.make().astype("<f4").tobytes())
    return wire.field(1, case.model) + wire.field(3, entry)


def _prepare(setup: Setup) -> None:
    store = setup.folder / "store"
    store.mkdir()
    command = [str(setup.python.with_name("torch-model-archiver")), "--version", "1.0"]
    command += ["--model-name", setup.case.model, "--export-path", str(store)]
    command += ["--handler", str(SERVERS / "torchserve_handler.py")]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    config = CONFIG.format(*setup.other_ports, port=setup.port, size=MESSAGE_BYTES)
    (setup.folder / "config.properties").write_text(config)


def _start(setup: Setup) -> Start:
    name, folder, framework = setup.served
    command = [str(setup.python.with_name("torchserve")), "--start", "--foreground"]
    command += ["--model-store", str(setup.folder / "store"), "--models", f"{name}={name}.mar"]
    command += ["--ts-config", str(setup.folder / "config.properties"), "--disable-token-auth"]
    environ = {
        "BENCH_SERVERS": str(SERVERS),
        "BENCH_MODEL": name,
        "BENCH_FOLDER": folder,
        "BENCH_FRAMEWORK": framework,
        "LOG_LOCATION": str(setup.folder),
        "METRICS_LOCATION": str(setup.folder),
        "TEMP": str(setup.folder),
    }
    return Start(command, environ)


PEERS = (
    Peer(
        "torchserve",
        "TorchServe gRPC",
        "torchserve",
        ("torchserve", "torch", "numpy", "scikit-learn"),
        Protocol(
            GRPC,
            "/org.pytorch.serve.grpc.inference.InferenceAPIsService/Predictions",
            _encode,
            _decode,
        ),
        ("iris", "noop", "1mib-raw", "1mib-echo", "pytorch"),
        _prepare,
        _start,
        brings=("pytorch",),
    ),
)
