"""BentoML's service; the environment says which model, since `bentoml serve` takes no more."""

import os
import sys

import bentoml
import numpy as np

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import models


@bentoml.service(traffic={"timeout": 60})
class Served:
    """Answers `{"x": [[...]]}` with `{"y": [...]}`."""

    def __init__(self):
        told = os.environ
        self.answer = models.load(
            told["BENCH_MODEL"], told["BENCH_FOLDER"], told["BENCH_FRAMEWORK"]
        )

    @bentoml.api
    def predict(self, x: list) -> dict:
        """Call the model with one request's rows."""
        return {models.OUTPUT: np.asarray(self.answer(np.array(x, np.float32))).tolist()}
