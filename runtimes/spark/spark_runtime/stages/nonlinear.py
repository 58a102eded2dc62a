"""Evaluate models that are more than a sum of weighed features."""

from typing import Any, Dict

import numpy as np

from spark_runtime.columns import ANY_NUMBER, VECTOR, Column, Schema, Table, vector_of
from spark_runtime.stages.predicting import Classifier, Predictor, both, logistic
from spark_runtime.stages.stage import evaluates
from spark_runtime.vectors import Vectors, dense, dot, matrix, pair, total, vector


class _Factors:
    """A factorization machine: weights, and factors by which pairs of features are weighed."""

    def __init__(self, row: Dict[str, Any]) -> None:
        self._intercept, self._weights = row["intercept"], vector(row["linear"])
        self._factors = matrix(row["factors"]).T.copy()
        self.width = len(self._weights)

    def sums(self, features: Vectors) -> np.ndarray:
        """Return the sum of each row."""
        vectors = dense(features)
        found = self._intercept + dot(vectors, self._weights)
        for factor in self._factors:
            terms = vectors * factor
            sums = total(terms)
            found = found + 0.5 * (sums * sums - total(terms**2))
        return found


@evaluates("regression.FMRegressionModel")
class FmRegression(Predictor):
    """Regression by a factorization machine."""

    def prepare(self) -> None:
        """Read the factors."""
        self._machine = _Factors(self.saved.row())
        self.width = self._machine.width

    def predict(self, features: Vectors, table: Table) -> np.ndarray:
        """Return the sums."""
        return self._machine.sums(features)


@evaluates("classification.FMClassificationModel")
class FmClassification(Classifier):
    """Two classes by a factorization machine."""

    def prepare(self) -> None:
        """Read the factors."""
        self._machine = _Factors(self.saved.row())
        self.width = self._machine.width

    def raw(self, features: Vectors, table: Table) -> np.ndarray:
        """Return the margins."""
        return both(self._machine.sums(features))

    def probability(self, raw: np.ndarray) -> np.ndarray:
        """Return the probabilities."""
        second = logistic(raw[:, 1])
        return pair(1.0 - second, second)


@evaluates("regression.IsotonicRegressionModel")
class IsotonicRegression(Predictor):
    """A line that never falls, or never rises, through points."""

    def prepare(self) -> None:
        """Read the points."""
        row = self.saved.row()
        self._boundaries = np.array(row["boundaries"], np.float64)
        self._predictions = np.array(row["predictions"], np.float64)

    def takes(self, schema: Schema) -> Column:
        """Return that the feature is a number, unless it is known for a place in a vector."""
        column = schema.find(self.reads[0])
        is_vector = column is not None and column.kind == VECTOR
        return vector_of(self.width) if is_vector else ANY_NUMBER

    def predict(self, features: Vectors, table: Table) -> np.ndarray:
        """Return where the line is."""
        values = dense(features)
        if values.ndim == 2:
            values = values[:, self.param("featureIndex", 0)]
        points, heights = self._boundaries, self._predictions
        after = np.searchsorted(points, values, "left")
        right = np.clip(after, 1, len(points) - 1)
        left = right - 1
        last = np.minimum(after, len(points) - 1)
        if len(points) == 1:
            return np.full(len(values), heights[0])
        slope = (heights[right] - heights[left]) * (values - points[left])
        found = heights[left] + slope / (points[right] - points[left])
        found = np.where(after == 0, heights[0], found)
        is_point = points[last] == values
        return np.where(is_point | (after >= len(points)), heights[last], found)
