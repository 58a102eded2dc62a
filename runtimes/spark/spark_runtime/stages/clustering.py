"""Evaluate models that find the cluster of each row."""

import math
from typing import Any, Dict, List, NamedTuple, Tuple

import numpy as np

from spark_runtime.columns import Schema, Table, vector_of
from spark_runtime.saved import Saved, read_metadata
from spark_runtime.stages.predicting import Predictor
from spark_runtime.stages.stage import evaluates
from spark_runtime.vectors import Vectors, dense, matrix, products, total, vector

_EPSILON = 2.220446049250313e-16


def _distances(vectors: np.ndarray, centers: np.ndarray) -> np.ndarray:
    """Return the square of the distance of each row to each center: float64[rows, centers]."""
    found = np.empty((len(vectors), len(centers)))
    for at, center in enumerate(centers):
        found[:, at] = total((vectors - center) ** 2)
    return found


def _unit(vectors: np.ndarray) -> np.ndarray:
    lengths: np.ndarray = np.sqrt(total(vectors * vectors))
    return vectors / lengths[:, None]


def _cosines(vectors: np.ndarray, centers: np.ndarray) -> np.ndarray:
    return 1.0 - products(_unit(vectors), _unit(centers))


_MEASURES = {"euclidean": _distances, "cosine": _cosines}


class _OfDistances(Predictor):
    """What models share that look for the nearest center, by one measure or the other."""

    dtype = "int32"

    def prepare_measure(self) -> None:
        """Read which measure it is."""
        self._name: str = self.param("distanceMeasure", "euclidean")
        self.measure = _MEASURES[self._name]

    def samples(self) -> Dict[str, Any]:
        """Return what has a direction."""
        return {self.reads[0]: 1.0} if self._name == "cosine" else {}

    def measurable(self, features: Vectors) -> np.ndarray:
        """Return the vectors, of which none may have no direction if directions are compared.

        Raises:
            InvalidInput: one has none.
        """
        vectors = dense(features)
        if self._name == "cosine":
            bad = total(np.abs(vectors)) == 0
            self.refuse(bad, self.reads[0], "a vector of zeros has no direction to compare")
        return vectors


@evaluates("clustering.KMeansModel")
class KMeans(_OfDistances):
    """The nearest of some centers."""

    def prepare(self) -> None:
        """Read the centers; Spark 2.0 may have all in one record."""
        rows = self.saved.rows()
        if "clusterIdx" in rows[0]:
            ordered = sorted(rows, key=lambda row: int(row["clusterIdx"]))
            centers = [row["clusterCenter"] for row in ordered]
        else:
            centers = rows[0]["clusterCenters"]
        self._centers = np.stack([vector(center) for center in centers])
        self.width = self._centers.shape[1]
        self.prepare_measure()

    def predict(self, features: Vectors, table: Table) -> np.ndarray:
        """Return the number of the nearest center."""
        distances = self.measure(self.measurable(features), self._centers)
        return distances.argmin(axis=1).astype(np.int32)


class _Branch(NamedTuple):
    """A node of bisecting k-means: its number, if it is a leaf, or its children."""

    number: int
    children: Tuple[int, ...]
    centers: np.ndarray


@evaluates("clustering.BisectingKMeansModel")
class BisectingKMeans(_OfDistances):
    """The leaf of a tree in which each step goes to the nearer center."""

    def prepare(self) -> None:
        """Read the tree, which is a model of its own inside."""
        inner = self.saved.folder / "data"
        rows = _inner_rows(self.saved)
        nodes = {row["index"]: row for row in rows}
        self._root = _root(inner, nodes)
        self._centers = {index: vector(row["center"]) for index, row in nodes.items()}
        self.width = len(self._centers[self._root])
        self.prepare_measure()
        numbers = {index: number for number, index in enumerate(_leaves(nodes, self._root))}
        self._branches = {
            index: self._branch(numbers.get(index, -1), row["children"])
            for index, row in nodes.items()
        }

    def _branch(self, number: int, children: List[int]) -> _Branch:
        centers = np.array([self._centers[child] for child in children])
        return _Branch(number, tuple(children), centers)

    def predict(self, features: Vectors, table: Table) -> np.ndarray:
        """Return the number of each row's leaf."""
        vectors = self.measurable(features)
        found = [self._walk(vectors[[row]]) for row in range(len(vectors))]
        return np.array(found, np.int32)

    def _walk(self, row: np.ndarray) -> int:
        branch = self._branches[self._root]
        while branch.children:
            nearest = int(self.measure(row, branch.centers)[0].argmin())
            branch = self._branches[branch.children[nearest]]
        return branch.number


def _inner_rows(saved: Saved) -> List[Dict[str, Any]]:
    is_nested = (saved.folder / "data" / "data").is_dir()
    return saved.rows("data/data" if is_nested else "data")


def _root(inner: Any, nodes: Dict[int, Any]) -> int:
    if (inner / "metadata").is_dir():
        return int(read_metadata(inner, ("rootId",))["rootId"])
    children = {child for node in nodes.values() for child in node["children"]}
    return int(next(index for index in nodes if index not in children))


def _leaves(nodes: Dict[int, Any], root: int) -> List[int]:
    found, waiting = [], [root]
    while waiting:
        index = waiting.pop()
        children = nodes[index]["children"]
        if not children:
            found.append(index)
        waiting += reversed(children)
    return found


class _Gaussian(NamedTuple):
    """A component of a mixture: what its exponent is made of."""

    weight: float
    mean: np.ndarray
    root: np.ndarray
    constant: float


@evaluates("clustering.GaussianMixtureModel")
class GaussianMixture(Predictor):
    """The likeliest of some normal distributions."""

    dtype = "int32"

    def prepare(self) -> None:
        """Read the distributions."""
        row = self.saved.row()
        parts = zip(row["weights"], row["mus"], row["sigmas"])
        self._gaussians = [_gaussian(weight, mean, sigma) for weight, mean, sigma in parts]
        self.width = len(self._gaussians[0].mean)

    def plan_others(self, schema: Schema) -> None:
        """Note the probabilities."""
        self._probability = self.column("probabilityCol", "probability")
        if self._probability:
            schema.add(self._probability, vector_of(len(self._gaussians)))

    def predict(self, features: Vectors, table: Table) -> np.ndarray:
        """Return the number of the likeliest one."""
        vectors = dense(features)
        found = np.stack([_EPSILON + _density(vectors, it) for it in self._gaussians], axis=1)
        probability = found / total(found)[:, None]
        if self._probability:
            table[self._probability] = probability
        return probability.argmax(axis=1).astype(np.int32)


def _gaussian(weight: float, mean: Any, sigma: Any) -> _Gaussian:
    values, directions = np.linalg.eigh(matrix(sigma))
    tolerance = _EPSILON * values.max() * len(values)
    kept = values > tolerance
    roots = np.where(kept, np.sqrt(1.0 / np.where(kept, values, 1.0)), 0.0)
    constant = len(values) * math.log(2 * math.pi) + float(np.log(values[kept]).sum())
    return _Gaussian(weight, vector(mean), roots[:, None] * directions.T, -0.5 * constant)


def _density(vectors: np.ndarray, gaussian: _Gaussian) -> np.ndarray:
    offsets = products(vectors - gaussian.mean, gaussian.root)
    exponents = gaussian.constant - 0.5 * total(offsets**2)
    return gaussian.weight * np.exp(exponents)
