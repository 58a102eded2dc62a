"""Evaluate what changes the numbers of vectors, each by itself."""

import math
from typing import Any, List, Tuple

import numpy as np

from spark_runtime.columns import ANY_NUMBER, NUMBER, VECTOR, Column, vector_of
from spark_runtime.stages.stage import ColumnStage, OfVectors, evaluates
from spark_runtime.vectors import Sparse, Vectors, dense, total, vector


def _inverse(values: np.ndarray) -> np.ndarray:
    """Return the inverse of each, but zero of zero."""
    is_zero = values == 0
    return np.where(is_zero, 0.0, 1.0 / np.where(is_zero, 1.0, values))


@evaluates("feature.StandardScalerModel")
class StandardScaler(OfVectors):
    """Vectors less their mean, over their deviation."""

    def load(self) -> None:
        """Read both."""
        row = self.saved.row()
        self._mean = vector(row["mean"])
        self._scale = _inverse(vector(row["std"]))
        self._centers = self.param("withMean", False)
        self._scales = self.param("withStd", True)
        self.takes = vector_of(len(self._mean))

    def apply(self, column: Any, at: int) -> Any:
        """Scale each vector."""
        if isinstance(column, Sparse) and not self._centers:
            scale = self._scale[column.indices] if self._scales else 1.0
            return column.with_values(column.values * scale)
        vectors = dense(column)
        if self._centers:
            vectors = vectors - self._mean
        return vectors * self._scale if self._scales else vectors


@evaluates("feature.RobustScalerModel")
class RobustScaler(OfVectors):
    """Vectors less their median, over their range."""

    def load(self) -> None:
        """Read both."""
        row = self.saved.row()
        self._median = vector(row["median"])
        self._scale = _inverse(vector(row["range"]))
        self.takes = vector_of(len(self._median))

    def apply(self, column: Any, at: int) -> np.ndarray:
        """Scale each vector."""
        vectors = dense(column)
        if self.param("withCentering", False):
            vectors = vectors - self._median
        return vectors * self._scale if self.param("withScaling", True) else vectors


@evaluates("feature.MinMaxScalerModel")
class MinMaxScaler(OfVectors):
    """Vectors between a least and a greatest number."""

    def load(self) -> None:
        """Read which numbers were the least and the greatest ones."""
        row = self.saved.row()
        self._least = vector(row["originalMin"])
        self._range = vector(row["originalMax"]) - self._least
        self.takes = vector_of(len(self._least))

    def apply(self, column: Any, at: int) -> np.ndarray:
        """Scale each vector; Spark 3 rounds in other places than Spark 2."""
        vectors = dense(column)
        low, high = self.param("min", 0.0), self.param("max", 1.0)
        has_range = self._range != 0
        ranges = np.where(has_range, self._range, 1.0)
        if self.version >= (3, 0):
            scaled = (vectors - self._least) * ((high - low) / ranges) + low
            return np.where(has_range | np.isnan(vectors), scaled, (low + high) / 2)
        raw = np.where(has_range, (vectors - self._least) / ranges, 0.5)
        return np.where(np.isnan(vectors), vectors, raw * (high - low) + low)


@evaluates("feature.MaxAbsScalerModel")
class MaxAbsScaler(OfVectors):
    """Vectors over what was the greatest absolute number."""

    def load(self) -> None:
        """Read it."""
        greatest = vector(self.saved.row()["maxAbs"])
        self._greatest = np.where(greatest == 0, 1.0, greatest)
        self.takes = vector_of(len(greatest))

    def apply(self, column: Any, at: int) -> Vectors:
        """Scale each vector; Spark 3 multiplies where Spark 2 divides."""
        if isinstance(column, Sparse):
            return column.with_values(self._scaled(column.values, self._greatest[column.indices]))
        return self._scaled(column, self._greatest)

    def _scaled(self, values: np.ndarray, greatest: np.ndarray) -> np.ndarray:
        return values * (1.0 / greatest) if self.version >= (3, 0) else values / greatest


@evaluates("feature.Normalizer")
class Normalizer(OfVectors):
    """Vectors over their norm."""

    def apply(self, column: Any, at: int) -> Vectors:
        """Divide each vector."""
        p = float(self.param("p", 2.0))
        if isinstance(column, Sparse):
            norm = _nonzero(_sparse_norm(column, p))
            return column.with_values(column.values / norm[column.rows])
        return column / _nonzero(_norm(column, p))[:, None]


def _nonzero(norm: np.ndarray) -> np.ndarray:
    return np.where(norm == 0, 1.0, norm)


def _norm(vectors: np.ndarray, p: float) -> np.ndarray:
    if math.isinf(p):
        return np.abs(vectors).max(axis=1)
    return _root(total(_power(vectors, p)), p)


def _sparse_norm(vectors: Sparse, p: float) -> np.ndarray:
    if math.isinf(p):
        found = np.zeros(vectors.count)
        np.maximum.at(found, vectors.rows, np.abs(vectors.values))
        return found
    return _root(np.bincount(vectors.rows, _power(vectors.values, p), vectors.count), p)


def _power(values: np.ndarray, p: float) -> np.ndarray:
    if p == 2:
        return values * values
    return np.abs(values) if p == 1 else np.abs(values) ** p


def _root(sums: np.ndarray, p: float) -> np.ndarray:
    if p == 1:
        return sums
    return np.sqrt(sums) if p == 2 else sums ** (1.0 / p)


@evaluates("feature.ElementwiseProduct")
class ElementwiseProduct(OfVectors):
    """Vectors times another one."""

    def load(self) -> None:
        """Read it."""
        saved = self.param("scalingVec")
        self._factors = vector(saved) if isinstance(saved, dict) else np.array(saved, np.float64)
        self.takes = vector_of(len(self._factors))

    def apply(self, column: Any, at: int) -> Any:
        """Multiply each vector."""
        if isinstance(column, Sparse):
            return column.with_values(column.values * self._factors[column.indices])
        return column * self._factors


@evaluates("feature.Binarizer")
class Binarizer(ColumnStage):
    """One where a number is above a threshold, else zero."""

    takes = ANY_NUMBER._replace(is_certain=False)

    def load(self) -> None:
        """Read the thresholds."""
        is_several = "inputCols" in self.saved.set_params
        self._thresholds: List[float] = self.param("thresholds") if is_several else []

    def gives(self, column: Column, at: int) -> Column:
        """Return that these are numbers, or vectors, as the input is."""
        return vector_of(column.size) if column.kind == VECTOR else Column(NUMBER)

    def apply(self, column: Any, at: int) -> Vectors:
        """Compare each number."""
        threshold = self._thresholds[at] if self._thresholds else self.param("threshold", 0.0)
        if isinstance(column, Sparse) and threshold >= 0:
            return column.with_values((column.values > threshold).astype(np.float64))
        return (dense(column) > threshold).astype(np.float64)


@evaluates("feature.ImputerModel")
class Imputer(ColumnStage):
    """Numbers, with another one in the place of each that is missing."""

    takes = ANY_NUMBER

    def load(self) -> None:
        """Read what is put in."""
        row = self.saved.row()
        self._surrogates = [float(row[name]) for name, _ in self.pairs]
        self._missing = float(self.param("missingValue", math.nan))

    def find_pairs(self) -> List[Tuple[str, str]]:
        """Return the names of the inputs, each with that of its output."""
        pairs = super().find_pairs()
        # Spark 2 has the outputs' names as one parameter with the inputs'.
        return [(name, made or name) for name, made in pairs]

    def gives(self, column: Column, at: int) -> Column:
        """Return that these are numbers of the same type."""
        return Column(NUMBER, column.dtype)

    def apply(self, column: Any, at: int) -> np.ndarray:
        """Fill the gaps; what is null is missing whatever is said to be."""
        values = np.asarray(column, np.float64)
        missing = np.isnan(values) | (values == self._missing)
        found = np.where(missing, self._surrogates[at], values)
        return found.astype(self.inputs[at].dtype)
