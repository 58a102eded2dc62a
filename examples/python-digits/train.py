"""Train logistic regression, and write it as a function of NumPy's for the Python runtime."""

import shutil
from pathlib import Path

import numpy as np
from digits import Digits
from sklearn.linear_model import LogisticRegression

SOURCE = Path(__file__).resolve().parent / "model"
TRAINED = "logistic regression with scikit-learn"
# The weights are made so that all sums are exact.
TOLERANCE = 0.0


def train(digits: Digits, folder: Path) -> np.ndarray:
    """Train on the digits and write a model directory: the files beside this one, and weights.

    The weights are rounded to multiples of 2**-24. Then all sums of the model are exact, and do
    not depend on their order, which changes with the number of rows: what is served can be
    compared bit for bit, however the server stacks requests.

    Returns:
        The model's scores of the held-out pictures in this process, float64[n, 10].
    """
    model = LogisticRegression(max_iter=1000)
    model.fit(_as_rows(digits.images) / 16, digits.labels)
    model.coef_ = np.round(model.coef_ * 2**20) / 2**24
    model.intercept_ = np.round(model.intercept_ * 2**24) / 2**24
    shutil.copytree(str(SOURCE), str(folder))
    np.savez(
        str(folder / "files" / "weights.npz"),
        coefficients=model.coef_.T,
        intercepts=model.intercept_,
    )
    scores: np.ndarray = model.decision_function(_as_rows(digits.held_out_images))
    return scores


def _as_rows(images: np.ndarray) -> np.ndarray:
    return images.reshape(len(images), -1)
