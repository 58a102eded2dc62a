"""Evaluate models of topics: how much of each is in a text."""

from typing import Any, List, Tuple

import numpy as np

from spark_runtime.columns import Column, vector_of
from spark_runtime.java.random import MersenneTwister
from spark_runtime.saved import read_metadata
from spark_runtime.stages.stage import ColumnStage, evaluates
from spark_runtime.vectors import Sparse, matrix, vector

# Where each text's topics start from: a loaded model keeps the seed of its class, its name's hash,
# whatever it was fitted with.
_SEED = 1421925485
_SETTLED = 1e-3
_TINY = 1e-100
# From here on the logarithm's series is exact.
_LARGE = 49


@evaluates("clustering.LocalLDAModel")
class Lda(ColumnStage):
    """Latent Dirichlet allocation, by as many steps as Spark takes, from where Spark starts."""

    def load(self) -> None:
        """Read the topics."""
        topics, self._concentration, shape = self.read()
        self._words = np.array([np.exp(_expectation(topic)) for topic in topics.T]).T
        generator = MersenneTwister(_SEED)
        self._start = np.array([generator.gamma(shape, 1 / shape) for _ in self._concentration])

    def read(self) -> Tuple[np.ndarray, np.ndarray, float]:
        """Return the topics as float64[words, topics], their concentration, and a gamma's shape."""
        row = self.saved.row()
        return matrix(row["topicsMatrix"]), vector(row["docConcentration"]), row["gammaShape"]

    def find_pairs(self) -> List[Tuple[str, str]]:
        """Return the names of the counts and of the topics."""
        made = self.param("topicDistributionCol", "topicDistribution")
        return [(self.param("featuresCol", "features"), made)]

    @property
    def takes(self) -> Column:
        """Vectors with a place for each word."""
        return vector_of(len(self._words))

    def gives(self, column: Column, at: int) -> Column:
        """Return that these are vectors with a place for each topic."""
        return vector_of(len(self._concentration))

    def apply(self, column: Any, at: int) -> np.ndarray:
        """Return the share of each topic in each row; none where there is no word."""
        found = np.zeros((len(column), len(self._concentration)))
        for row, (places, counts) in enumerate(_counts(column)):
            if counts.any():
                found[row] = self._shares(places, counts)
        return found

    def _shares(self, places: np.ndarray, counts: np.ndarray) -> np.ndarray:
        words, gamma, change = self._words[places], self._start, 1.0
        weights = np.exp(_expectation(gamma))
        while change > _SETTLED:
            expected = words.T @ (counts / (words @ weights + _TINY))
            before, gamma = gamma, weights * expected + self._concentration
            weights = np.exp(_expectation(gamma))
            change = float(np.abs(gamma - before).sum()) / len(gamma)
        return gamma / gamma.sum()


@evaluates("clustering.DistributedLDAModel")
class DistributedLda(Lda):
    """The same, of a model that was saved with its training data as a graph."""

    def read(self) -> Tuple[np.ndarray, np.ndarray, float]:
        """Return the same, the topics put together of the graph's nodes: -1 is the first word."""
        described = read_metadata(self.saved.folder / "oldModel", ("docConcentration", "vocabSize"))
        concentration = np.array(described["docConcentration"], np.float64)
        topics = np.zeros((described["vocabSize"], len(concentration)))
        for node in self.saved.rows("oldModel/data/topicCounts"):
            if node["id"] < 0:
                topics[-1 - node["id"]] = vector(node["topicWeights"])
        return topics, concentration, described.get("gammaShape", 100.0)


def _counts(column: Any) -> List[Tuple[np.ndarray, np.ndarray]]:
    """Return which words each row has, and how often."""
    if isinstance(column, Sparse):
        ends = np.searchsorted(column.rows, np.arange(1, column.count))
        return list(zip(np.split(column.indices, ends), np.split(column.values, ends)))
    places = [np.nonzero(row)[0] for row in column]
    return [(at, row[at]) for at, row in zip(places, column)]


def _expectation(gamma: np.ndarray) -> np.ndarray:
    """Return the mean of the logarithm under a Dirichlet distribution."""
    return _digamma(gamma) - _digamma(gamma.sum(keepdims=True))


def _digamma(values: np.ndarray) -> np.ndarray:
    """Return the derivative of the logarithm of the gamma function, of numbers above zero."""
    steps = values[:, None] + np.arange(_LARGE)
    is_step = steps < _LARGE
    large = values + is_step.sum(axis=1)
    square = 1.0 / (large * large)
    series = square * (1.0 / 12 + square * (1.0 / 120 - square / 252))
    found: np.ndarray = np.log(large) - 0.5 / large - series
    return found - np.where(is_step, 1.0 / steps, 0.0).sum(axis=1)
