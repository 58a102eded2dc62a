"""Train a small network with whichever TensorFlow is installed, and export a SavedModel."""

import importlib
import shutil
import warnings
from pathlib import Path

import numpy as np
from digits import Digits

with warnings.catch_warnings():
    warnings.simplefilter(
        "ignore", FutureWarning
    )  # 1.x has a dozen of them for NumPy 1.17 and newer
    import tensorflow as tf

CONTRACT = Path(__file__).resolve().parent / "contract.yaml"
TRAINED = f"a network of two layers with TensorFlow {tf.__version__}"
# float32, and the order of its sums depends on how the server stacks rows.
TOLERANCE = 1e-5


def train(digits: Digits, folder: Path) -> np.ndarray:
    """Train on the digits and write a model directory: the contract and the SavedModel.

    Returns:
        The model's scores of the held-out pictures in this process, float32[n, 10].
    """
    folder.mkdir(parents=True)
    shutil.copy(str(CONTRACT), str(folder))
    # The two ways to write TensorFlow share nothing: graphs and sessions, functions and modules.
    module = importlib.import_module("train_1x" if tf.__version__.startswith("1.") else "train_2x")
    scores: np.ndarray = module.train(
        digits.images.astype(np.float32),
        digits.labels,
        digits.held_out_images.astype(np.float32),
        str(folder / "files"),
    )
    return scores
