"""Train a pipeline of scikit-learn's, and save it as it is: there is no code to serve."""

import shutil
from pathlib import Path

import numpy as np
import sklearn
import skops.io
from digits import Digits
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

CONTRACT = Path(__file__).resolve().parent / "contract.yaml"
TRAINED = f"a pipeline (scale, reduce, classify) with scikit-learn {sklearn.__version__}"
# What the contract calls the label and the scores: an output is named after the method it is from.
OUTPUTS = ("label", "predict_proba")
# BLAS sums in an order that depends on how the server stacks rows.
TOLERANCE = 1e-12


def train(digits: Digits, folder: Path) -> np.ndarray:
    """Train on the digits and write a model directory: the contract and the pipeline.

    Returns:
        The pipeline's probabilities of the held-out pictures in this process, float64[n, 10].
    """
    pipeline = make_pipeline(
        StandardScaler(), PCA(32, random_state=0), LogisticRegression(max_iter=1000)
    )
    pipeline.fit(_as_rows(digits.images), digits.labels)
    (folder / "files").mkdir(parents=True)
    shutil.copy(str(CONTRACT), str(folder))
    skops.io.dump(pipeline, folder / "files" / "digits.skops")
    scores: np.ndarray = pipeline.predict_proba(_as_rows(digits.held_out_images))
    return scores


def _as_rows(images: np.ndarray) -> np.ndarray:
    return images.reshape(len(images), -1)
