"""What models of all kinds share: they read one column of features, and add what they predict."""

import abc
from typing import Any, Optional, Tuple

import numpy as np

from serving_runtime.signature import FREE
from spark_runtime.columns import NUMBER, Column, Schema, Table, vector_of
from spark_runtime.stages.stage import Stage
from spark_runtime.vectors import Vectors, pair, products, total


class Predictor(Stage):
    """A model that predicts one number for each vector of features.

    ``width``: how many features there are; FREE where the model does not say.
    """

    width = FREE
    dtype = "float64"

    @property
    def reads(self) -> Tuple[str, ...]:
        """The name of the features."""
        return (self.param("featuresCol", "features"),)

    def column(self, name: str, default: str = "") -> str:
        """Return the name of an output; empty where it is not wanted."""
        found: str = self.param(name, default) or ""
        return found

    def plan(self, schema: Schema) -> None:
        """Note the features and the outputs."""
        self._features, self._prediction = self.reads[0], self.column("predictionCol", "prediction")
        schema.need(self._features, self.takes(schema))
        self.plan_others(schema)
        if self._prediction:
            schema.add(self._prediction, Column(NUMBER, self.dtype))

    def takes(self, schema: Schema) -> Column:
        """Return what the features are."""
        return vector_of(self.width)

    def plan_others(self, schema: Schema) -> None:
        """Note the outputs beside the prediction."""

    def transform(self, table: Table) -> None:
        """Add what is predicted for each row."""
        predicted = self.predict(table[self._features], table)
        if self._prediction:
            table[self._prediction] = predicted

    @abc.abstractmethod
    def predict(self, features: Vectors, table: Table) -> np.ndarray:
        """Return the predictions, and add to the table what comes beside them."""


class Classifier(Predictor):
    """A model that predicts a class, by a raw number and a probability for each."""

    has_probability = True
    classes = 2

    def plan_others(self, schema: Schema) -> None:
        """Note the raw numbers and the probabilities."""
        self._raw = self.column("rawPredictionCol", "rawPrediction")
        self._probability = self.column("probabilityCol", "probability")
        if not self.has_probability:
            self._probability = ""
        thresholds = self.param("thresholds")
        self._thresholds = np.array(thresholds, np.float64) if thresholds else None
        self.prepare_choice()
        for name in filter(None, (self._raw, self._probability)):
            schema.add(name, vector_of(self.classes))

    def prepare_choice(self) -> None:
        """Work out by what a class is chosen, once."""

    def predict(self, features: Vectors, table: Table) -> np.ndarray:
        """Return the classes."""
        raw = self.raw(features, table)
        if self._raw:
            table[self._raw] = raw
        probability: Optional[np.ndarray] = None
        if self._probability or self._thresholds is not None:
            probability = self.probability(raw)
        if self._probability:
            table[self._probability] = probability
        return self.choose(raw, probability)

    @abc.abstractmethod
    def raw(self, features: Vectors, table: Table) -> np.ndarray:
        """Return float64[rows, classes]."""

    def probability(self, raw: np.ndarray) -> np.ndarray:
        """Return float64[rows, classes], made of the raw numbers."""
        raise NotImplementedError

    def choose(self, raw: np.ndarray, probability: Optional[np.ndarray]) -> np.ndarray:
        """Return the class of each row: the first with the highest number."""
        if self._thresholds is None or probability is None:
            return raw.argmax(axis=1).astype(np.float64)
        is_zero = self._thresholds == 0
        scaled = probability / np.where(is_zero, 1.0, self._thresholds)
        sure = np.where(probability > 0, np.inf, -np.inf)
        return np.where(is_zero, sure, scaled).argmax(axis=1).astype(np.float64)


def normalised(raw: np.ndarray) -> np.ndarray:
    """Return each row over its sum."""
    sums = total(raw)
    return raw / np.where(sums == 0, 1.0, sums)[:, None]


def softmax(raw: np.ndarray) -> np.ndarray:
    """Return the probabilities of logarithms of odds."""
    powers = np.exp(raw - raw.max(axis=1, keepdims=True))
    return powers / total(powers)[:, None]


def logistic(margin: np.ndarray) -> np.ndarray:
    """Return 1 / (1 + e^-x)."""
    return 1.0 / (1.0 + np.exp(-margin))


def both(margin: np.ndarray) -> np.ndarray:
    """Return the raw numbers of the two classes of a margin."""
    return pair(-margin, margin)


def margins(features: Vectors, weights: Any, intercepts: Any) -> np.ndarray:
    """Return a margin for each class."""
    return products(features, weights) + intercepts
