"""Evaluate models that weigh each feature, and those that are made of such."""

import math
from typing import Callable, Dict, Optional

import numpy as np

from spark_runtime.columns import ANY_NUMBER, NUMBER, Column, Schema, Table, vector_of
from spark_runtime.stages.predicting import (
    Classifier,
    Predictor,
    both,
    logistic,
    margins,
    softmax,
)
from spark_runtime.stages.stage import evaluates
from spark_runtime.vectors import Vectors, dot, matrix, pair, vector


@evaluates("classification.LogisticRegressionModel")
class LogisticRegression(Classifier):
    """Classes by logistic regression, of two classes or more."""

    def prepare(self) -> None:
        """Read the weights; Spark 2.0 has but one vector of them."""
        row = self.saved.row()
        if "coefficientMatrix" in row:
            self._weights = matrix(row["coefficientMatrix"])
            self._intercepts = vector(row["interceptVector"])
            self._is_multinomial = bool(row["isMultinomial"])
        else:
            self._weights = vector(row["coefficients"])[None]
            self._intercepts = np.array([row["intercept"]])
            self._is_multinomial = False
        self.width = self._weights.shape[1]
        self.classes = len(self._weights) if self._is_multinomial else 2

    def prepare_choice(self) -> None:
        """Turn the threshold into one of the margin."""
        if self._is_multinomial:
            return
        thresholds, self._thresholds = self.param("thresholds"), None
        threshold = self.param("threshold", 0.5)
        if thresholds:
            threshold = 1.0 / (1.0 + thresholds[0] / thresholds[1])
        self._margin = _logit(threshold)

    def raw(self, features: Vectors, table: Table) -> np.ndarray:
        """Return the margins."""
        if self._is_multinomial:
            return margins(features, self._weights, self._intercepts)
        return both(dot(features, self._weights[0]) + self._intercepts[0])

    def probability(self, raw: np.ndarray) -> np.ndarray:
        """Return the probabilities."""
        if self._is_multinomial:
            return softmax(raw)
        first = logistic(raw[:, 0])
        return pair(first, 1.0 - first)

    def choose(self, raw: np.ndarray, probability: Optional[np.ndarray]) -> np.ndarray:
        """Return the second of two classes where its margin is above the threshold."""
        if self._is_multinomial:
            return super().choose(raw, probability)
        return (raw[:, 1] > self._margin).astype(np.float64)


def _logit(threshold: float) -> float:
    if threshold in (0, 1):
        return math.inf if threshold else -math.inf
    return math.log(threshold / (1.0 - threshold))


@evaluates("classification.LinearSVCModel")
class LinearSvc(Classifier):
    """Two classes, on the two sides of a plane."""

    has_probability = False

    def prepare(self) -> None:
        """Read the plane."""
        row = self.saved.row()
        self._weights, self._intercept = vector(row["coefficients"]), row["intercept"]
        self.width = len(self._weights)

    def raw(self, features: Vectors, table: Table) -> np.ndarray:
        """Return how far the plane is, in both directions."""
        return both(dot(features, self._weights) + self._intercept)

    def choose(self, raw: np.ndarray, probability: Optional[np.ndarray]) -> np.ndarray:
        """Return the side of the plane."""
        return (raw[:, 1] > self.param("threshold", 0.0)).astype(np.float64)


class _Regression(Predictor):
    """A sum of weighted features, and what is made of it."""

    def prepare(self) -> None:
        """Read the weights."""
        self.row = self.saved.row()
        self._weights, self._intercept = vector(self.row["coefficients"]), self.row["intercept"]
        self.width = len(self._weights)

    def sums(self, features: Vectors) -> np.ndarray:
        """Return the sum of each row."""
        return dot(features, self._weights) + self._intercept


@evaluates("regression.LinearRegressionModel")
class LinearRegression(_Regression):
    """Linear regression."""

    def predict(self, features: Vectors, table: Table) -> np.ndarray:
        """Return the sums."""
        return self.sums(features)


_Function = Callable[[np.ndarray], np.ndarray]

_TINY = 1e-16
_CANONICAL = {"gaussian": "identity", "binomial": "logit", "poisson": "log", "gamma": "inverse"}
_MEANS: Dict[str, _Function] = {
    "identity": lambda sums: sums,
    "log": np.exp,
    "logit": logistic,
    "inverse": lambda sums: 1.0 / sums,
    "sqrt": lambda sums: sums * sums,
    "cloglog": lambda sums: 1.0 - np.exp(-np.exp(sums)),
    "probit": lambda sums: np.array([0.5 * math.erfc(-it / math.sqrt(2.0)) for it in sums]),
}
_POWERS = {0.0: "log", 1.0: "identity", -1.0: "inverse", 0.5: "sqrt"}


@evaluates("regression.GeneralizedLinearRegressionModel")
class GeneralizedLinearRegression(_Regression):
    """Generalized linear regression, of each family and with each link."""

    def plan_others(self, schema: Schema) -> None:
        """Note the sum itself, and what is added to it."""
        self._family = self.param("family", "gaussian").lower()
        self._mean = self._mean_function()
        self._link = self.column("linkPredictionCol")
        if self._link:
            schema.add(self._link, Column(NUMBER))
        self._offset = self.column("offsetCol")
        if self._offset:
            schema.need(self._offset, ANY_NUMBER)

    def _mean_function(self) -> _Function:
        if self._family != "tweedie":
            return _MEANS[(self.param("link") or _CANONICAL[self._family]).lower()]
        power = float(self.param("linkPower", 1.0 - self.param("variancePower", 0.0)))
        if power in _POWERS:
            return _MEANS[_POWERS[power]]
        return lambda sums: sums ** (1.0 / power)

    def predict(self, features: Vectors, table: Table) -> np.ndarray:
        """Return the means, within what the family can have."""
        sums = self.sums(features)
        if self._offset:
            sums = sums + table[self._offset]
        if self._link:
            table[self._link] = sums
        return self._bounded(self._mean(sums))

    def _bounded(self, means: np.ndarray) -> np.ndarray:
        most = np.finfo(np.float64).max
        if self._family == "binomial":
            return np.clip(means, _TINY, 1.0 - _TINY)
        if self._family == "gaussian" or self.param("variancePower", 1.0) == 0:
            return np.clip(means, -most, most)
        return np.clip(means, _TINY, most)


@evaluates("regression.AFTSurvivalRegressionModel")
class AftSurvivalRegression(_Regression):
    """Survival times, and their quantiles."""

    def plan_others(self, schema: Schema) -> None:
        """Note the quantiles."""
        self._quantiles = self.column("quantilesCol")
        probabilities = np.array(self.param("quantileProbabilities") or [], np.float64)
        self._factors = np.exp(np.log(-np.log1p(-probabilities)) * self.row["scale"])
        if self._quantiles:
            schema.add(self._quantiles, vector_of(len(probabilities)))

    def predict(self, features: Vectors, table: Table) -> np.ndarray:
        """Return the expected times."""
        times: np.ndarray = np.exp(self.sums(features))
        if self._quantiles:
            table[self._quantiles] = times[:, None] * self._factors
        return times
