"""Evaluate naive Bayes, neural networks, and one model for each class."""

from typing import List, Tuple

import numpy as np

from serving_runtime.errors import InvalidInput
from spark_runtime.columns import Schema, Table, vector_of
from spark_runtime.saved import Saved
from spark_runtime.stages.predicting import Classifier, Predictor, logistic, softmax
from spark_runtime.stages.stage import evaluates, registered
from spark_runtime.unsupported import Unsupported
from spark_runtime.vectors import Sparse, Vectors, dense, matrix, products, total, vector


@evaluates("classification.NaiveBayesModel")
class NaiveBayes(Classifier):
    """Classes by Bayes' rule, of each of Spark's four kinds."""

    def prepare(self) -> None:
        """Read the logarithms of the probabilities."""
        row = self.saved.row()
        self._priors, self._theta = vector(row["pi"]), matrix(row["theta"])
        self.classes, self.width = self._theta.shape
        kind = self.param("modelType", "multinomial").lower()
        prepare = {"bernoulli": self._prepare_bernoulli, "gaussian": self._prepare_gaussian}
        if kind in prepare:
            prepare[kind]()
        self._evaluate = {
            "multinomial": self._multinomial,
            "complement": self._complement,
            "bernoulli": self._bernoulli,
            "gaussian": self._gaussian,
        }[kind]

    def _prepare_bernoulli(self) -> None:
        absent = np.log(1.0 - np.exp(self._theta))
        self._difference, self._absent = self._theta - absent, total(absent)

    def _prepare_gaussian(self) -> None:
        self._variances = matrix(self.saved.row()["sigma"])
        self._logarithms = total(np.log(self._variances))

    def raw(self, features: Vectors, table: Table) -> np.ndarray:
        """Return the logarithms of the classes' probabilities, but for a constant."""
        return self._evaluate(features)

    def _refuse_negative(self, features: Vectors) -> None:
        if self.version >= (3, 0):
            values = features.values if isinstance(features, Sparse) else features
            self._refuse(values < 0, "expected no number below zero")

    def _refuse(self, bad: np.ndarray, said: str) -> None:
        if bad.any():
            raise InvalidInput(f'column "{self.reads[0]}": {said}')

    def _multinomial(self, features: Vectors) -> np.ndarray:
        self._refuse_negative(features)
        return products(features, self._theta) + self._priors

    def _complement(self, features: Vectors) -> np.ndarray:
        self._refuse_negative(features)
        found = products(features, self._theta)
        most = found.max(axis=1, keepdims=True)
        return found - (np.log(total(np.exp(found - most)))[:, None] + most)

    def _bernoulli(self, features: Vectors) -> np.ndarray:
        values = features.values if isinstance(features, Sparse) else features
        self._refuse((values != 0) & (values != 1), "expected zeros and ones")
        found = products(features, self._difference)
        return found + self._priors + self._absent

    def _gaussian(self, features: Vectors) -> np.ndarray:
        vectors = dense(features)
        found = np.empty((len(vectors), self.classes))
        for at, (means, variances) in enumerate(zip(self._theta, self._variances)):
            distances = total((vectors - means) ** 2 / variances)
            found[:, at] = self._priors[at] - (distances + self._logarithms[at]) / 2
        return found

    def probability(self, raw: np.ndarray) -> np.ndarray:
        """Return the probabilities."""
        return softmax(raw)


@evaluates("classification.MultilayerPerceptronClassificationModel")
class MultilayerPerceptron(Classifier):
    """Classes by a neural network."""

    def prepare(self) -> None:
        """Read the layers."""
        row = self.saved.row()
        sizes: List[int] = row.get("layers") or self.param("layers")
        weights, start = vector(row["weights"]), 0
        self._layers: List[Tuple[np.ndarray, np.ndarray]] = []
        for size, following in zip(sizes, sizes[1:]):
            end = start + size * following
            layer = weights[start:end].reshape(size, following).T.copy()
            self._layers.append((layer, weights[end : end + following]))
            start = end + following
        self.width, self.classes = sizes[0], sizes[-1]

    def plan_others(self, schema: Schema) -> None:
        """Note the outputs: before 2.3 there is the prediction alone."""
        super().plan_others(schema)
        if self.version < (2, 3):
            for name in (self._raw, self._probability):
                schema.drop(name)
            self._raw = self._probability = ""

    def raw(self, features: Vectors, table: Table) -> np.ndarray:
        """Return what goes into the last softmax."""
        found = dense(features)
        *hidden, last = self._layers
        for weights, bias in hidden:
            found = logistic(products(found, weights) + bias)
        return products(found, last[0]) + last[1]

    def probability(self, raw: np.ndarray) -> np.ndarray:
        """Return the probabilities."""
        return softmax(raw)


@evaluates("classification.OneVsRestModel")
class OneVsRest(Predictor):
    """The class whose own model is surest."""

    def prepare(self) -> None:
        """Read the model of each class."""
        count = len(list(self.saved.folder.glob("model_*")))
        folders = [self.saved.folder / f"model_{number}" for number in range(count)]
        self._models = [_classifier(Saved(folder)) for folder in folders]
        self.width = self._models[0].width

    def plan_others(self, schema: Schema) -> None:
        """Note the raw numbers, which there are since Spark 2.4."""
        for model in self._models:
            model.plan(Schema())
        is_new = self.version >= (2, 4)
        self._raw = self.column("rawPredictionCol", "rawPrediction") if is_new else ""
        if self._raw:
            schema.add(self._raw, vector_of(len(self._models)))

    def predict(self, features: Vectors, table: Table) -> np.ndarray:
        """Return the classes."""
        raw = np.empty((len(features), len(self._models)))
        for at, model in enumerate(self._models):
            raw[:, at] = model.raw(features, {})[:, 1]
        if self._raw:
            table[self._raw] = raw
        return raw.argmax(axis=1).astype(np.float64)


def _classifier(saved: Saved) -> Classifier:
    found = registered().get(saved.name)
    if found is None or not issubclass(found, Classifier):
        raise Unsupported(f"its model of a class, {saved.java_class}, cannot be evaluated")
    return found(saved)
