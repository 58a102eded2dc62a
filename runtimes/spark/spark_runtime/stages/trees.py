"""Evaluate decision trees, and models that are made of many."""

from typing import Any, Dict, List, NamedTuple, Tuple

import numpy as np

from spark_runtime.columns import NUMBER, Column, Schema, Table, vector_of
from spark_runtime.saved import Saved
from spark_runtime.stages.predicting import Classifier, Predictor, both, logistic, normalised
from spark_runtime.stages.stage import evaluates
from spark_runtime.vectors import Vectors, dot, pair, picked, total

_Node = Dict[str, Any]


class _Arrays(NamedTuple):
    """The nodes of all trees: a leaf leads to itself.

    ``category``: which row of ``goes_left`` a node asks; -1 where it compares with ``threshold``.
    """

    feature: np.ndarray
    threshold: np.ndarray
    left: np.ndarray
    right: np.ndarray
    category: np.ndarray


class Forest:
    """All trees of a model, which are walked together, one step for all rows and trees at a time.

    Args:
        trees: the nodes of each, as Spark saves them.
    """

    def __init__(self, trees: List[List[_Node]]) -> None:
        nodes: List[_Node] = []
        self._roots = np.array([_append(nodes, tree) for tree in trees], np.int64)
        self._depth = max(_depth(nodes, root) for root in self._roots.tolist())
        self._goes_left = _category_table(nodes)
        arrays = _arrays(nodes)
        # Of wide vectors only what some tree asks for is made dense.
        self._asked, places = np.unique(arrays.feature, return_inverse=True)
        self._arrays = arrays._replace(feature=places.reshape(-1))
        self.predictions = np.array([node["prediction"] for node in nodes], np.float64)
        self._stats = [node["impurityStats"] for node in nodes]
        self.leaf_numbers = _leaf_numbers(nodes, self._roots.tolist())

    @property
    def count(self) -> int:
        """How many trees there are."""
        return len(self._roots)

    @property
    def stats(self) -> np.ndarray:
        """How much of each class has come to each node: float64[nodes, classes]."""
        return np.array(self._stats, np.float64)

    def leaves(self, features: Vectors) -> np.ndarray:
        """Return the leaf to which each row comes in each tree: int64[rows, trees]."""
        vectors = picked(features, self._asked)
        at = np.repeat(self._roots[None], len(vectors), axis=0)
        rows = np.arange(len(vectors))[:, None]
        arrays = self._arrays
        for _ in range(self._depth):
            values = vectors[rows, arrays.feature[at]]
            goes_left = values <= arrays.threshold[at]
            if len(self._goes_left):
                self._ask_categories(arrays.category[at], values, goes_left)
            at = np.where(goes_left, arrays.left[at], arrays.right[at])
        return at

    def _ask_categories(
        self, category: np.ndarray, values: np.ndarray, goes_left: np.ndarray
    ) -> None:
        asked = category >= 0
        most = self._goes_left.shape[1] - 1  # which stands for each that is new
        numbers = values[asked]
        known = (numbers >= 0) & (numbers < most) & (numbers == np.floor(numbers))
        places = np.where(known, numbers, most).astype(np.int64)
        goes_left[asked] = self._goes_left[category[asked], places]


def _append(nodes: List[_Node], tree: List[_Node]) -> int:
    """Append a tree with its links as places in the list, and return its root's."""
    ordered = sorted(tree, key=lambda node: int(node["id"]))
    places = {node["id"]: len(nodes) + at for at, node in enumerate(ordered)}
    for node in ordered:
        own = places[node["id"]]
        is_leaf = node["leftChild"] < 0
        links = {
            name: own if is_leaf else places[node[name]] for name in ("leftChild", "rightChild")
        }
        nodes.append({**node, **links, "isLeaf": is_leaf})
    return places[ordered[0]["id"]]


def _depth(nodes: List[_Node], root: int) -> int:
    depth, level = 0, [root]
    while True:
        level = [
            nodes[place][name]
            for place in level
            if not nodes[place]["isLeaf"]
            for name in ("leftChild", "rightChild")
        ]
        if not level:
            return depth
        depth += 1


def _is_category(node: _Node) -> bool:
    return not node["isLeaf"] and node["split"]["numCategories"] >= 0


def _arrays(nodes: List[_Node]) -> _Arrays:
    numbered = iter(range(len(nodes)))
    inner = [not node["isLeaf"] for node in nodes]
    compares = [is_inner and not _is_category(node) for is_inner, node in zip(inner, nodes)]
    splits = [node["split"] for node in nodes]
    return _Arrays(
        np.array([it["featureIndex"] if there else 0 for it, there in zip(splits, inner)]),
        np.array(
            [
                it["leftCategoriesOrThreshold"][0] if there else np.inf
                for it, there in zip(splits, compares)
            ]
        ),
        np.array([node["leftChild"] for node in nodes], np.int64),
        np.array([node["rightChild"] for node in nodes], np.int64),
        np.array([next(numbered) if _is_category(node) else -1 for node in nodes]),
    )


def _category_table(nodes: List[_Node]) -> np.ndarray:
    """Return for each node that asks for a category where each one goes, and last a new one."""
    splits = [node["split"] for node in nodes if _is_category(node)]
    width = max([split["numCategories"] for split in splits] or [0])
    table = np.zeros((len(splits), width + 1), bool)
    for row, split in zip(table, splits):
        lefts = split["leftCategoriesOrThreshold"]
        # Spark keeps the smaller of both sets, and what is not in it goes the other way.
        row[:] = len(lefts) > split["numCategories"] / 2
        row[: split["numCategories"]] = False
        row[np.array(lefts, np.int64)] = True
    return table


def _leaf_numbers(nodes: List[_Node], roots: List[int]) -> np.ndarray:
    """Return the number of each leaf in its tree, from left to right."""
    found = np.zeros(len(nodes))
    for root in roots:
        count, waiting = 0, [root]
        while waiting:
            place = waiting.pop()
            if nodes[place]["isLeaf"]:
                found[place] = count
                count += 1
            else:
                waiting += [nodes[place]["rightChild"], nodes[place]["leftChild"]]
    return found


def _single(saved: Saved) -> List[List[_Node]]:
    return [saved.rows()]


def _several(saved: Saved) -> Tuple[List[List[_Node]], np.ndarray]:
    """Read an ensemble: its trees, and the weight of each."""
    trees: Dict[int, List[_Node]] = {}
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
