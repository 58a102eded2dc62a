"""Define what is asked of every peer: which model, with which input, and the right answer."""

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

RAW, TYPED = "raw", "typed"
MEBIBYTE_FLOATS = 2**20 // 4

IRIS, NOOP, ENDS, NETWORK, IMAGE = "iris", "noop", "ends", "network", "image"
# How each model's input and output are called, everywhere.
INPUT, OUTPUT = "x", "y"


class Case(NamedTuple):
    """One request that is sent again and again.

    Args:
        name: on the command line and in results.
        title: in tables.
        model: which of the models answers: see servers/models.py.
        make: returns the input, float32[rows, …].
        answer: returns the right output for the input.
        encoding: RAW sends the array's bytes, TYPED its values in a typed field.
        framework: what the model needs beyond NumPy, or scikit-learn for iris.
    """

    name: str
    title: str
    model: str
    make: Callable[[], np.ndarray]
    answer: Callable[[np.ndarray], np.ndarray]
    encoding: str = TYPED
    framework: str = ""


class WrongAnswerError(Exception):
    """A peer's answer is not the right one; the message says both."""


def check(case: Case, answered: np.ndarray) -> None:
    """Compare an answer with the right one, whatever shape a peer gives it.

    Raises:
        WrongAnswerError: it is wrong, or empty.
    """
    right = np.asarray(case.answer(case.make())).ravel()
    given = np.asarray(answered).ravel()
    if given.shape != right.shape or not np.allclose(given, right, rtol=1e-4, atol=1e-6):
        raise WrongAnswerError(f"{case.name}: expected {_shown(right)}, got {_shown(given)}")


def _shown(values: np.ndarray) -> str:
    return f"{values.size} values beginning with {values[:4].tolist()}"


def _flower() -> np.ndarray:
    """Return one row of the third kind: a reply that is empty or zero is a wrong one."""
    return np.array([[6.3, 3.3, 6.0, 2.5]], np.float32)


def _four() -> np.ndarray:
    return np.array([[1.5, -2.0, 3.25, 4.0]], np.float32)


def ramp(mebibytes: int) -> np.ndarray:
    """Return float32[1, n] of that size, all values different from zero and exact."""
    return (np.arange(mebibytes * MEBIBYTE_FLOATS, dtype=np.float32) % 1021 + 0.5)[None]


def ends(x: np.ndarray) -> np.ndarray:
    """Return the first and the last value of each row: nearly no work, and it needs them all."""
    return x[:, [0, -1]]


def _image() -> np.ndarray:
    return (np.arange(3 * 224 * 224, dtype=np.float32) % 251 / 8).reshape(1, 3, 224, 224)


def _corners(x: np.ndarray) -> np.ndarray:
    return ends(x.reshape(len(x), -1))


# A network whose weights are written down here, so that every framework has the very same one.
NETWORK_SIZES = (64, 256, 256, 10)


def network_weights() -> list[np.ndarray]:
    """Return the weights of a perceptron, float32[inputs, outputs] for each layer."""
    pairs = zip(NETWORK_SIZES, NETWORK_SIZES[1:])
    return [_weights(inputs, outputs) for inputs, outputs in pairs]


def _weights(inputs: int, outputs: int) -> np.ndarray:
    grid = np.arange(inputs * outputs, dtype=np.float64).reshape(inputs, outputs)
    return (np.sin(grid * 1.7) / math.sqrt(inputs)).astype(np.float32)


def network(x: np.ndarray) -> np.ndarray:
    """Return what the network makes of float32[rows, 64]: float32[rows, 10]."""
    *hidden, last = network_weights()
    for weights in hidden:
        x = np.maximum(x @ weights, 0)
    scores: np.ndarray = x @ last
    return scores


def _picture() -> np.ndarray:
    return (np.arange(64, dtype=np.float32)[None] % 17) / 16


CASES = (
    Case("iris", "iris, one row", IRIS, _flower, lambda x: np.array([2])),
    Case("noop", "no-op [1, 4]", NOOP, _four, lambda x: x),
    Case("1mib-raw", "1 MiB raw", ENDS, lambda: ramp(1), ends, RAW),
    Case("1mib-typed", "1 MiB typed values", ENDS, lambda: ramp(1), ends, TYPED),
    Case("1mib-echo", "1 MiB there and back", NOOP, lambda: ramp(1), lambda x: x, RAW),
    Case("16mib-raw", "16 MiB raw", ENDS, lambda: ramp(16), ends, RAW),
    Case("16mib-typed", "16 MiB typed values", ENDS, lambda: ramp(16), ends, TYPED),
    Case("image-json", "[1, 3, 224, 224] as JSON", IMAGE, _image, _corners),
    Case("tensorflow", "TensorFlow, 64-256-256-10", NETWORK, _picture, network, RAW, "tensorflow"),
    Case("pytorch", "PyTorch, 64-256-256-10", NETWORK, _picture, network, RAW, "pytorch"),
)
BY_NAME = {case.name: case for case in CASES}
