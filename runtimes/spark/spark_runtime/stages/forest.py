"""Walk all trees of a model at once."""

from typing import Any, Dict, List, NamedTuple

import numpy as np

from spark_runtime.vectors import Vectors, picked

Node = Dict[str, Any]


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

    def __init__(self, trees: List[List[Node]]) -> None:
        nodes: List[Node] = []
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


def _append(nodes: List[Node], tree: List[Node]) -> int:
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


def _depth(nodes: List[Node], root: int) -> int:
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


def _is_category(node: Node) -> bool:
    return not node["isLeaf"] and node["split"]["numCategories"] >= 0


def _arrays(nodes: List[Node]) -> _Arrays:
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


def _category_table(nodes: List[Node]) -> np.ndarray:
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


def _leaf_numbers(nodes: List[Node], roots: List[int]) -> np.ndarray:
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
