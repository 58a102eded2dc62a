"""Serves estimators of XGBoost and LightGBM, and compares their answers with the library's own.

The image tests run this inside of a row's image that holds the row's line of `neighbours.yaml` too.
"""

import tempfile
from pathlib import Path

import joblib
import numpy as np
from lightgbm import LGBMClassifier
from sklearn.datasets import load_iris
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from xgboost import XGBClassifier

from sklearn_runtime import loader

ROWS, LABELS = load_iris(return_X_y=True)
ESTIMATORS = (
    XGBClassifier(n_estimators=5),
    make_pipeline(StandardScaler(), LGBMClassifier(n_estimators=5, verbose=-1)),
)


def served(estimator, folder):
    """Return the labels and probabilities that the runtime gives for a saved estimator."""
    joblib.dump(estimator, str(folder / "model.joblib"))
    model = loader.load(folder, loader.infer_contract(folder))
    return [
        next(iter(model.predict(name, {"x": ROWS}).values()))
        for name in ("predict", "predict_proba")
    ]


for fitted in [estimator.fit(ROWS, LABELS) for estimator in ESTIMATORS]:
    with tempfile.TemporaryDirectory() as name:
        labels, probabilities = served(fitted, Path(name))
    assert np.array_equal(labels, fitted.predict(ROWS))
    assert np.array_equal(probabilities, fitted.predict_proba(ROWS))
print("fine")
