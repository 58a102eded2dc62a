"""Evaluate recommendations, and hashes of vectors that are alike where the vectors are."""

import math
from typing import Any, Dict, Tuple

import numpy as np

from serving_runtime.signature import FREE
from spark_runtime.columns import NUMBER, VECTOR, Column, Schema, Table, vector_of
from spark_runtime.stages.stage import ColumnStage, Stage, evaluates
from spark_runtime.vectors import Sparse, Vectors, matrix, products

_DROPPED = (
    'the user or the item is new; coldStartStrategy="drop" leaves such rows out, and each row must '
    "be answered"
)


@evaluates("recommendation.ALSModel")
class Als(Stage):
    """How much a user is expected to like an item."""

    def prepare(self) -> None:
        """Read the factors of all users and items, which are of single precision."""
        self._factors = [self._read("userFactors"), self._read("itemFactors")]
        self._names = (self.param("userCol", "user"), self.param("itemCol", "item"))
        self._made = self.param("predictionCol", "prediction")
        self._drops = self.param("coldStartStrategy", "nan").lower() == "drop"

    def _read(self, name: str) -> Tuple[Dict[float, int], np.ndarray]:
        """Read factors: where those of each number are, and last, for one that is new, NaN."""
        rows = self.saved.rows(name)
        places = {float(row["id"]): place for place, row in enumerate(rows)}
        factors = np.array([row["features"] for row in rows], np.float32)
        return places, np.concatenate([factors, np.full_like(factors[:1], math.nan)])

    @property
    def reads(self) -> Tuple[str, ...]:
        """The names of the users and the items."""
        return self._names

    def plan(self, schema: Schema) -> None:
        """Note the columns."""
        for name in self._names:
            schema.need(name, Column(NUMBER, "int32"))
        schema.add(self._made, Column(NUMBER, "float32"))

    def samples(self) -> Dict[str, Any]:
        """Return a user and an item that it knows."""
        known = [next(iter(places), None) for places, _ in self._factors]
        return {name: it for name, it in zip(self._names, known) if it is not None}

    def transform(self, table: Table) -> None:
        """Multiply the factors, in single precision and first to last."""
        users, items = (
            factors[self._places(places, table[name], name)]
            for name, (places, factors) in zip(self._names, self._factors)
        )
        found = np.add.accumulate(users * items, axis=1, dtype=np.float32)[:, -1]
        if self._drops:
            self.refuse(np.isnan(found), self._names[0], _DROPPED)
        table[self._made] = found

    def _places(self, places: Dict[float, int], values: Any, name: str) -> np.ndarray:
        self.refuse(values != np.floor(values), name, "expected a whole number")
        return np.array([places.get(value, -1) for value in values.tolist()], np.int64)


class _Lsh(ColumnStage):
    """A stage that gives a vector of one hash for each of its tables."""

    takes = vector_of(FREE)
    count = 0

    def gives(self, column: Column, at: int) -> Column:
        """Return that these are hashes."""
        return Column(VECTOR, size=1, parts=self.count)


@evaluates("feature.BucketedRandomProjectionLSHModel")
class RandomProjectionLsh(_Lsh):
    """How far a vector reaches in some directions."""

    def load(self) -> None:
        """Read the directions."""
        self._directions = matrix(self.saved.row()["randUnitVectors"])
        self.count = len(self._directions)
        self.takes = vector_of(self._directions.shape[1])

    def apply(self, column: Any, at: int) -> np.ndarray:
        """Return the hashes."""
        found = products(column, self._directions) / self.param("bucketLength")
        return np.floor(found)[:, :, None]


_PRIME = 2038074743


@evaluates("feature.MinHashLSHModel")
class MinHashLsh(_Lsh):
    """The least hash of the places of a vector that are not zero."""

    def load(self) -> None:
        """Read the functions that hash."""
        numbers = self.saved.row()["randCoefficients"]
        self._factors = np.array(numbers[::2], np.int64)
        self._offsets = np.array(numbers[1::2], np.int64)
        self.count = len(self._factors)
        self._overflows = self.version < (2, 4)  # which multiplied integers of 32 bits

    def sample(self, at: int) -> Any:
        """Return what is not zero."""
        return 1.0

    def apply(self, column: Any, at: int) -> np.ndarray:
        """Return the hashes."""
        rows, places = _nonzero(column)
        hashes = (1 + places[:, None]) * self._factors + self._offsets
        if self._overflows:
            hashes = hashes.astype(np.int32)
        found = np.full((len(column), self.count), np.inf)
        np.minimum.at(found, rows, np.fmod(hashes, _PRIME))
        self.refuse(np.isinf(found[:, 0]), self.pairs[at][0], "expected a number that is not zero")
        return found[:, :, None]


def _nonzero(column: Vectors) -> Tuple[np.ndarray, np.ndarray]:
    """Return the row and the place of each number that is not zero."""
    if not isinstance(column, Sparse):
        rows, places = np.nonzero(column)
        return rows, places
    kept = column.values != 0
    return column.rows[kept], column.indices[kept]
