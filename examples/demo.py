"""Train a small model, serve it as a process of its own, call it, and check every answer.

`make demo` runs this, `make demo MODEL=tensorflow` the same for another framework: the folder
`<framework>-digits` beside this file trains the model. A model directory is left behind that
`make serve` takes. The demo ends by itself unless it is run in a terminal (`make demo KEEP=0` and
`KEEP=1` say which; `PORT=N` too).
"""

import argparse
import contextlib
import gc
import importlib
import json
import os
import shlex
import shutil
import signal
import sys
import time
from pathlib import Path
from typing import Any, List

import digits
import numpy as np
import rounds
from server import SERVING_RUNTIME, DemoError, Server, served, serving_runtime, shown

from serving_runtime.client import CallFailed

EXAMPLES = Path(__file__).resolve().parent
SUFFIX = "-digits"
INTERRUPTED = 130


def main() -> int:
    """Run the demo and return its exit code."""
    arguments = _arguments()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # or it would leave the server behind
    try:
        run(arguments.framework, arguments.directory, arguments.port, arguments.keep)
    except (DemoError, CallFailed) as error:
        print(f"\ndemo: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return INTERRUPTED
    return 0


def run(framework: str, directory: Path, port: int, keep: bool) -> None:
    """Train, write, serve, call and stop, telling of each step."""
    model, sample = directory / "model", directory / "one-digit.json"
    expected = train(framework, model)
    # A collection that walks over the framework, here, would be counted as the server's time.
    if hasattr(gc, "freeze"):  # 3.7 and newer
        gc.freeze()
    write_sample(sample, expected.images[0])
    with served(directory, port) as server:
        print(f"4. sending the held-out pictures, {rounds.CALLS_A_ROUND} calls or more a round")
        rounds.call(server.address, expected)
        print(f"   every score equals the model's own here {_within(expected.tolerance)}")
        print_hints(framework, server, sample, keep)
        if keep:
            wait_for_interrupt(server)
    print("6. stopped the server, exit code 0")


def train(framework: str, model: Path) -> rounds.Expected:
    """Train the framework's model and write its directory; returns what to expect of it."""
    data = digits.load()
    example = _example(framework)
    if model.exists():
        shutil.rmtree(str(model))
    started = time.perf_counter()
    scores = example.train(data, model)
    print(
        f"1. trained {example.TRAINED} in {time.perf_counter() - started:.1f} s; "
        f"{len(data.held_out_labels)} pictures of digits are held out"
    )
    serving_runtime("contract", "compile", str(model / "contract.yaml"))
    print(f"2. wrote {shown(model)}: contract.protobin and files/")
    return rounds.Expected(
        data.held_out_images,
        scores,
        data.held_out_labels,
        example.TOLERANCE,
        getattr(example, "OUTPUTS", rounds.OUTPUTS),
    )


def write_sample(path: Path, image: np.ndarray) -> None:
    """Write a request of one picture, to be sent by hand, and the same for curl."""
    path.write_text(json.dumps({"images": [image.tolist()]}))
    tensor = {"name": "images", "datatype": "FP32", "shape": [1, *image.shape]}
    body = {"inputs": [{**tensor, "data": image.ravel().tolist()}]}
    body_of(path).write_text(json.dumps(body))


def body_of(sample: Path) -> Path:
    """Return where the same request stands in Open Inference's JSON."""
    return sample.with_name(f"{sample.stem}.v2.json")


def print_hints(framework: str, server: Server, sample: Path, keep: bool) -> None:
    """Print how to go on by hand: against this server, or against one started afterwards."""
    directory, address, url = sample.parent, server.address, server.url
    model = shlex.quote(shown(directory / "model"))
    program = shlex.quote(shown(SERVING_RUNTIME))
    if keep:
        print(f"5. try it by hand, at {address}:")
    else:
        address, url = "localhost:9090", "http://localhost:8080"
        print(f"5. try it by hand, at {address} after this command:")
        print(f"   make serve RUNTIME={framework} MODEL={model}")
        print("   and in another terminal:")
    print(f"   {program} predict --address {address} --input {shlex.quote(shown(sample))}")
    print(f"   {program} health --address {address}")
    body = shlex.quote(shown(body_of(sample)))
    print(f"   curl {url}/v2/models/{server.model_name}/infer -d @{body}")
    print(
        f"   grpcurl -plaintext {address} tensorflow.serving.PredictionService/Status", flush=True
    )


def wait_for_interrupt(server: Server) -> None:
    """Wait for Ctrl-C, or for the server to end by itself."""
    print("   Ctrl-C stops it")
    with contextlib.suppress(KeyboardInterrupt):
        server.process.wait()


def frameworks() -> List[str]:
    """Name the frameworks that have an example here."""
    return sorted(path.name[: -len(SUFFIX)] for path in EXAMPLES.glob(f"*{SUFFIX}"))


def _example(framework: str) -> Any:
    """Import the framework's ``train``."""
    sys.path.insert(0, str(EXAMPLES / (framework + SUFFIX)))
    return importlib.import_module("train")


def _within(tolerance: float) -> str:
    return f"within {tolerance:g}" if tolerance else "bit for bit"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    # `make demo PORT=9191 KEEP=1` hands these over as environment variables.
    port = os.environ.get("PORT", "0")
    keep = os.environ.get("KEEP") or str(int(sys.stdin.isatty()))
    parser.add_argument("framework", choices=frameworks(), help="whose model is served")
    parser.add_argument(
        "--port", type=int, default=port, help="where to serve; 0, the default, takes a free port"
    )
    parser.add_argument(
        "--keep",
        action="store_true",
        default=keep.lower() in ("1", "true", "yes", "on"),
        help="serve on until Ctrl-C; the default in a terminal",
    )
    parser.add_argument(
        "--directory",
        type=Path,
        default=Path("build", "demo"),
        help="where the model directory is written (default: build/demo)",
    )
    arguments = parser.parse_args()
    arguments.directory.mkdir(parents=True, exist_ok=True)
    return arguments


if __name__ == "__main__":
    sys.exit(main())
