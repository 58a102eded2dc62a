"""Serves estimators of XGBoost and LightGBM, and compares their answers with the library's own.

The image tests run this inside of a row's image that holds the row's line of `neighbours.yaml` too.
"""

import tempfile
from functools import partial
from pathlib import Path

import joblib
import numpy as np
import pandas
from lightgbm import LGBMClassifier
from sklearn.datasets import load_iris
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from xgboost import XGBClassifier

from sklearn_runtime import loader

ROWS, LABELS = load_iris(return_X_y=True)
COLUMNS = {"length": ROWS[:, 0], "kind": np.array(["a", "b"], dtype=object)[LABELS % 2]}
FRAME = pandas.DataFrame(COLUMNS).astype({"kind": "category"})
LIGHT = partial(LGBMClassifier, n_estimators=5, verbose=-1)
ESTIMATORS = (
    (XGBClassifier(n_estimators=5), ROWS, {"x": ROWS}),
    (
        make_pipeline(StandardScaler(), LGBMClassifier(n_estimators=5, verbose=-1)),
        ROWS,
        {"x": ROWS},
    ),
    (LGBMClassifier(n_estimators=5, verbose=-1), FRAME, COLUMNS),
)


def served(estimator, folder, inputs, *methods):
    """Return what the runtime gives for a saved estimator."""
    joblib.dump(estimator, str(folder / "model.joblib"))
    model = loader.load(folder, loader.infer_contract(folder))
    return [next(iter(model.predict(name, dict(inputs)).values())) for name in methods]


for estimator, rows, inputs in ESTIMATORS:
    fitted = estimator.fit(rows, LABELS)
    with tempfile.TemporaryDirectory() as name:
        labels, probabilities = served(fitted, Path(name), inputs, "predict", "predict_proba")
    assert np.array_equal(labels, fitted.predict(rows))
    assert np.array_equal(probabilities, fitted.predict_proba(rows))

raw = ESTIMATORS[0][0].get_booster()
with tempfile.TemporaryDirectory() as name:
    (probabilities,) = served(raw, Path(name), {"x": ROWS}, "predict")
assert np.array_equal(probabilities, ESTIMATORS[0][0].predict_proba(ROWS))
print("fine")
