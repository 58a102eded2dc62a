"""Trains a small model, serves it as a process of its own, calls it, and checks every answer.

`make demo` runs this. It leaves a model directory behind that `make serve` takes, and ends by
itself unless it is run in a terminal (`make demo KEEP=0` and `KEEP=1` say which; `PORT=N` too).
"""

import argparse
import contextlib
import itertools
import json
import os
import shlex
import shutil
import signal
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import List, NamedTuple, Tuple

import numpy as np
from server import SERVING_RUNTIME, DemoError, Server, served, serving_runtime, shown
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split

from serving_runtime.client import CallFailed, Client

SOURCE = Path(__file__).resolve().parent / "model"
INTERRUPTED = 130
# Callers at the same time, and pictures in each of their calls.
ROUNDS = ((1, 1), (8, 1), (32, 1), (8, 16), (4, 128))
CALLS_A_ROUND = 800


class Digits(NamedTuple):
    """Rows that the model has not seen in training, and the model itself."""

    model: LogisticRegression
    images: np.ndarray
    labels: np.ndarray

    @property
    def scores(self) -> np.ndarray:
        """What the model says in this process, float64[n, 10]."""
        return self.model.decision_function(_as_rows(self.images))


class Round(NamedTuple):
    """What one round of calls came to."""

    labels: np.ndarray
    scores: np.ndarray
    latencies_ms: np.ndarray
    seconds: float


def main() -> int:
    """Run the demo and return its exit code."""
    arguments = _arguments()
    sys.stdout.reconfigure(line_buffering=True)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # or it would leave the server behind
    try:
        run(arguments.directory, arguments.port, arguments.keep)
    except (DemoError, CallFailed) as error:
        print(f"\ndemo: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return INTERRUPTED
    return 0


def run(directory: Path, port: int, keep: bool) -> None:
    """Train, write, serve, call and stop, telling of each step."""
    started = time.perf_counter()
    digits = train()
    print(
        f"1. trained logistic regression in {time.perf_counter() - started:.1f} s; "
        f"{len(digits.labels)} pictures of digits are held out"
    )
    write_model(directory / "model", digits.model)
    sample = write_sample(directory / "one-digit.json", digits.images[0])
    print(f"2. wrote {shown(directory / 'model')}: contract.protobin and files/")
    with served(directory, port) as server:
        print(f"4. sending the held-out pictures, {CALLS_A_ROUND} calls or more a round")
        call(server.address, digits)
        print_hints(server.address, directory, sample, keep)
        if keep:
            wait_for_interrupt(server)
    print("6. stopped the server, exit code 0")


def train() -> Digits:
    """Train on two thirds of scikit-learn's digits: 1797 pictures of 8 x 8 pixels, 0 to 16.

    The weights are rounded to multiples of 2**-24. Then all sums of the model are exact, and do
    not depend on their order, which changes with the number of rows: what is served can be
    compared bit for bit, however the server stacks requests.
    """
    data = load_digits()
    images, held_out, labels, expected = train_test_split(
        data.images, data.target, test_size=1 / 3, random_state=0, stratify=data.target
    )
    model = LogisticRegression(max_iter=1000)
    model.fit(_as_rows(images) / 16, labels)
    model.coef_ = np.round(model.coef_ * 2**20) / 2**24
    model.intercept_ = np.round(model.intercept_ * 2**24) / 2**24
    return Digits(model, held_out, expected)


def write_model(folder: Path, model: LogisticRegression) -> None:
    """Write a model directory: the files beside this one, the weights, the compiled contract."""
    if folder.exists():
        shutil.rmtree(folder)
    shutil.copytree(SOURCE, folder)
    np.savez(
        folder / "files" / "weights.npz", coefficients=model.coef_.T, intercepts=model.intercept_
    )
    serving_runtime("contract", "compile", str(folder / "contract.yaml"))


def write_sample(path: Path, image: np.ndarray) -> Path:
    """Write a request of one picture, to be sent by hand."""
    path.write_text(json.dumps({"images": [image.tolist()]}))
    return path


def call(address: str, digits: Digits) -> None:
    """Send the held-out pictures in several rounds and print what came of each."""
    print("   callers  pictures   calls/s  pictures/s   p50 ms   p99 ms   accuracy")
    with Client(address) as client:
        for callers, pictures in ROUNDS:
            result = send(client, digits.images, callers, pictures)
            accuracy = check(result, digits)
            calls_a_second = len(result.latencies_ms) / result.seconds
            pictures_a_second = len(result.labels) / result.seconds
            p50, p99 = np.percentile(result.latencies_ms, (50, 99))
            print(
                f"   {callers:7} {pictures:9} {calls_a_second:9.0f} {pictures_a_second:11.0f}"
                f" {p50:8.1f} {p99:8.1f} {accuracy:10.2%}"
            )
    print("   every label and every score equals scikit-learn's, bit for bit")


def send(client: Client, images: np.ndarray, callers: int, pictures: int) -> Round:
    """Send all images, several times over, from ``callers`` threads.

    Args:
        client: connected to the service.
        images: float64[n, 8, 8]
        callers: calls that run at the same time.
        pictures: images in each call.
    """

    def timed(batch: np.ndarray) -> Tuple[float, np.ndarray, np.ndarray]:
        started = time.perf_counter()
        outputs = client.predict("predict", {"images": batch})
        return (time.perf_counter() - started) * 1000, outputs["label"], outputs["scores"]

    batches = _batches(images, pictures)
    with ThreadPoolExecutor(callers) as pool:
        started = time.perf_counter()
        latencies, labels, scores = zip(*pool.map(timed, batches))
        seconds = time.perf_counter() - started
    return Round(np.concatenate(labels), np.concatenate(scores), np.array(latencies), seconds)


def check(result: Round, digits: Digits) -> float:
    """Compare all answers with the model in this process; returns their accuracy."""
    repeats = -(-len(result.labels) // len(digits.labels))
    scores = np.concatenate([digits.scores] * repeats)[: len(result.scores)]
    expected = np.concatenate([digits.labels] * repeats)[: len(result.labels)]
    assert result.labels.dtype == np.int64
    assert np.array_equal(result.labels, scores.argmax(axis=1)), "the server's labels differ"
    assert result.scores.tobytes() == scores.tobytes(), "the server's scores differ"
    return float((result.labels == expected).mean())


def print_hints(address: str, directory: Path, sample: Path, keep: bool) -> None:
    """Print how to go on by hand: against this server, or against one started afterwards."""
    model = shlex.quote(shown(directory / "model"))
    program = shlex.quote(shown(SERVING_RUNTIME))
    if keep:
        print(f"5. try it by hand, at {address}:")
    else:
        address = "localhost:9090"
        print(f"5. try it by hand, at {address} after this command:")
        print(f"   make serve RUNTIME=python MODEL={model}")
        print("   and in another terminal:")
    print(f"   {program} predict --address {address} --input {shlex.quote(shown(sample))}")
    print(f"   {program} health --address {address}")
    print(
        f"   grpcurl -plaintext {address} tensorflow.serving.PredictionService/Status", flush=True
    )


def wait_for_interrupt(server: Server) -> None:
    """Wait for Ctrl-C, or for the server to end by itself."""
    print("   Ctrl-C stops it")
    with contextlib.suppress(KeyboardInterrupt):
        server.process.wait()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    # `make demo PORT=9191 KEEP=1` hands these over as environment variables.
    port = os.environ.get("PORT", "0")
    keep = os.environ.get("KEEP") or str(int(sys.stdin.isatty()))
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


def _as_rows(images: np.ndarray) -> np.ndarray:
    return images.reshape(len(images), -1)


def _batches(images: np.ndarray, size: int) -> List[np.ndarray]:
    """Cut the images into calls, again and again until there are enough calls."""
    once = [images[start : start + size] for start in range(0, len(images), size)]
    repeats = -(-CALLS_A_ROUND // len(once))
    return list(itertools.chain.from_iterable(itertools.repeat(once, repeats)))


if __name__ == "__main__":
    sys.exit(main())
