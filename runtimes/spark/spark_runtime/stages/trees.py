"""Evaluate decision trees, and models that are made of many."""

from typing import Dict, List, Tuple

import numpy as np

from spark_runtime.columns import NUMBER, Column, Schema, Table, vector_of
from spark_runtime.saved import Saved
from spark_runtime.stages.forest import Forest, Node
from spark_runtime.stages.predicting import Classifier, Predictor, both, logistic, normalised
from spark_runtime.stages.stage import evaluates
from spark_runtime.vectors import Vectors, dot, pair, total


def _single(saved: Saved) -> List[List[Node]]:
    return [saved.rows()]


def _several(saved: Saved) -> Tuple[List[List[Node]], np.ndarray]:
    """Read an ensemble: its trees, and the weight of each."""
    trees: Dict[int, List[Node]] = {}
    for row in saved.rows():
        number, node = row.values()  # Spark 4 has other names for them
        trees.setdefault(number, []).append(node)
    described = (tuple(row.values()) for row in saved.rows("treesMetadata"))
    weights = {number: weight for number, _, weight in described}
    numbers = sorted(trees)
    return [trees[number] for number in numbers], np.array([weights[it] for it in numbers])


class _OfTrees(Predictor):
    """What models of trees share: the leaves may be wanted too."""

    forest: Forest
    is_single = False

    def plan_others(self, schema: Schema) -> None:
        """Note the column of the leaves."""
        super().plan_others(schema)
        self._leaf = self.column("leafCol")
        if self._leaf:
            trees = self.forest.count
            schema.add(self._leaf, Column(NUMBER) if self.is_single else vector_of(trees))

    def leaves(self, features: Vectors, table: Table) -> np.ndarray:
        """Return the leaf of each row in each tree."""
        found = self.forest.leaves(features)
        if self._leaf:
            numbers = self.forest.leaf_numbers[found]
            table[self._leaf] = numbers[:, 0] if self.is_single else numbers
        return found


class _Tree(_OfTrees):
    is_single = True

    def prepare(self) -> None:
        """Read the tree."""
        self.forest = Forest(_single(self.saved))


class _Ensemble(_OfTrees):
    def prepare(self) -> None:
        """Read the trees."""
        trees, self.weights = _several(self.saved)
        self.forest = Forest(trees)


class _Voting(_OfTrees, Classifier):
    """Classes by what has come to the leaves."""

    def plan_others(self, schema: Schema) -> None:
        """Note how many classes there are."""
        self._votes = self.votes()
        self.classes = self._votes.shape[1]
        super().plan_others(schema)

    def votes(self) -> np.ndarray:
        """Return what each node adds to the raw numbers."""
        return self.forest.stats

    def raw(self, features: Vectors, table: Table) -> np.ndarray:
        """Return the sum of the votes of all trees, first to last."""
        votes = self._votes[self.leaves(features, table)]
        return np.add.accumulate(votes, axis=1)[:, -1]

    def probability(self, raw: np.ndarray) -> np.ndarray:
        """Return the share of each class."""
        return normalised(raw)


@evaluates("classification.DecisionTreeClassificationModel")
class DecisionTreeClassification(_Tree, _Voting):
    """Classes by one tree."""


@evaluates("classification.RandomForestClassificationModel")
class RandomForestClassification(_Ensemble, _Voting):
    """Classes by the votes of trees, of which each has one."""

    def votes(self) -> np.ndarray:
        """Return the share of each class at each node."""
        return normalised(self.forest.stats)


@evaluates("classification.GBTClassificationModel")
class GbtClassification(_Ensemble, Classifier):
    """Two classes by the sum of trees."""

    def plan_others(self, schema: Schema) -> None:
        """Note the outputs: before 2.2 there is the prediction alone."""
        super().plan_others(schema)
        if self.version < (2, 2):
            for name in (self._raw, self._probability):
                schema.drop(name)
            self._raw = self._probability = ""

    def raw(self, features: Vectors, table: Table) -> np.ndarray:
        """Return the margins."""
        return both(dot(self.forest.predictions[self.leaves(features, table)], self.weights))

    def probability(self, raw: np.ndarray) -> np.ndarray:
        """Return the probabilities."""
        first = logistic(2.0 * raw[:, 0])
        return pair(first, 1.0 - first)


@evaluates("regression.DecisionTreeRegressionModel")
class DecisionTreeRegression(_Tree):
    """A number by one tree, and the variance of what has come to its leaf."""

    def plan_others(self, schema: Schema) -> None:
        """Note the variance."""
        super().plan_others(schema)
        self._variance = self.column("varianceCol")
        if self._variance:
            schema.add(self._variance, Column(NUMBER))
            counts, sums, squares = self.forest.stats.T[:3]
            self._variances = (squares - sums * sums / counts) / counts

    def predict(self, features: Vectors, table: Table) -> np.ndarray:
        """Return the prediction of each leaf."""
        reached = self.leaves(features, table)[:, 0]
        if self._variance:
            table[self._variance] = self._variances[reached]
        return self.forest.predictions[reached]


@evaluates("regression.RandomForestRegressionModel")
class RandomForestRegression(_Ensemble):
    """The mean of trees."""

    def predict(self, features: Vectors, table: Table) -> np.ndarray:
        """Return the mean of the leaves."""
        reached = self.leaves(features, table)
        return total(self.forest.predictions[reached]) / reached.shape[1]


@evaluates("regression.GBTRegressionModel")
class GbtRegression(_Ensemble):
    """The weighted sum of trees."""

    def predict(self, features: Vectors, table: Table) -> np.ndarray:
        """Return the sum of the leaves."""
        return dot(self.forest.predictions[self.leaves(features, table)], self.weights)
