"""Evaluate what makes vectors, and averages, of the numbers of categories."""

from typing import Any, Dict, List, NamedTuple, Optional, Tuple

import numpy as np

from spark_runtime.columns import ANY_NUMBER, VECTOR, Column, Slot, vector_of
from spark_runtime.stages.stage import ColumnStage, evaluates
from spark_runtime.unsupported import Unsupported
from spark_runtime.vectors import DENSE_WIDTH, Sparse, Vectors

_KEEP = "keep"
_NO_CATEGORY, _NEW_CATEGORY = -1.0, float(2**31 - 1)


class _OneHot(ColumnStage):
    """For each category a place in a vector, in which there is a one."""

    takes = ANY_NUMBER

    def load(self) -> None:
        """Read whether the last category has a place."""
        self._drops_last = self.param("dropLast", True)
        self._sizes: Dict[int, int] = {}

    def encoded(self, indices: np.ndarray, size: int) -> Vectors:
        """Return vectors of a size; an index that is beyond it gives zeros."""
        rows = np.nonzero(indices < size)[0]
        places = indices[rows].astype(np.int64)
        if size <= DENSE_WIDTH:
            found = np.zeros((len(indices), size))
            found[rows, places] = 1.0
            return found
        return Sparse(len(indices), size, rows, places, np.ones(len(rows)))


def _slots(labels: Optional[Tuple[str, ...]], size: int) -> List[Slot]:
    names = labels or tuple(map(str, range(size)))
    return [Slot(name) for name in names[:size]] + [Slot()] * (size - len(names))


@evaluates("feature.OneHotEncoder")
class OneHotEncoder(_OneHot):
    """As Spark 2 has it: how many categories there are, its input's column says."""

    def gives(self, column: Column, at: int) -> Column:
        """Return that these are vectors."""
        if not column.categories:
            raise Unsupported(
                f'nothing says how many categories the column "{self.pairs[at][0]}" has: Spark '
                "itself would look at all rows first"
            )
        size = column.categories - self._drops_last
        self._sizes[at] = size
        return vector_of(size, _slots(column.labels, size))

    def apply(self, column: Any, at: int) -> Vectors:
        """Return a vector for each index; an index that is too large is the last category."""
        self.refuse(~(column >= 0), self.pairs[at][0], "a category is missing, or below zero")
        return self.encoded(column, self._sizes[at])


@evaluates("feature.OneHotEncoderModel")
class OneHotEncoderModel(_OneHot):
    """As Spark 2.3 and newer have it."""

    def load(self) -> None:
        """Read how many categories there are."""
        super().load()
        self._categories: List[int] = self.saved.row()["categorySizes"]
        self._keeps = self.param("handleInvalid", "error") == _KEEP
        self._sizes = {
            at: size + self._keeps - self._drops_last for at, size in enumerate(self._categories)
        }

    def gives(self, column: Column, at: int) -> Column:
        """Return that these are vectors."""
        size = self._sizes[at]
        return vector_of(size, _slots(column.labels, size))

    def apply(self, column: Any, at: int) -> Vectors:
        """Return a vector for each index."""
        known = self._categories[at]
        bad = ~((column >= 0) & (column < known))
        if self._keeps:
            column = np.where(bad, float(known), column)
        else:
            self.refuse(bad, self.pairs[at][0], f"expected a category from 0 to {known - 1}")
        return self.encoded(column, self._sizes[at])


class _Encoding(NamedTuple):
    """What a target encoder makes of each category, and of one that is new."""

    known: Dict[float, float]
    new: float


@evaluates("feature.TargetEncoderModel")
class TargetEncoder(ColumnStage):
    """What the target was on average for each category."""

    takes = ANY_NUMBER

    def load(self) -> None:
        """Read how often each category was there, and with which target."""
        rows = sorted(self.saved.rows(), key=lambda row: int(row["index"]))
        self._encodings = [self._encoding(row) for row in rows]
        self._keeps = self.param("handleInvalid", "error") == _KEEP

    def _encoding(self, row: Dict[str, Any]) -> _Encoding:
        stats = dict(zip(row["categories"], zip(row["counts"], row["stats"])))
        count, stat = stats[_NEW_CATEGORY]
        is_binary = self.param("targetType", "binary") == "binary"
        overall = stat / count if is_binary else stat
        smoothing = self.param("smoothing", 0.0)
        known = {}
        for category, (count, stat) in stats.items():
            weight = count / (count + smoothing)
            mean = stat / count if is_binary else stat
            known[category] = weight * mean + (1 - weight) * overall
        return _Encoding(known, known.pop(_NEW_CATEGORY))

    def gives(self, column: Column, at: int) -> Column:
        """Return that these are numbers."""
        return ANY_NUMBER

    def apply(self, column: Any, at: int) -> np.ndarray:
        """Return the encoding of each category."""
        encoding = self._encodings[at]
        values = np.where(np.isnan(column), _NO_CATEGORY, column).tolist()
        if not self._keeps:
            bad = np.array([value not in encoding.known for value in values], bool)
            self.refuse(bad, self.pairs[at][0], "the category is new, or missing")
        return np.array([encoding.known.get(value, encoding.new) for value in values])


def slots_of(name: str, column: Column) -> List[Slot]:
    """Return what an assembler calls the places of one of its columns."""
    if column.kind != VECTOR:
        return [Slot(name, column.categories)]
    known = column.slots or (Slot(),) * max(column.size, 0)
    return [
        slot._replace(name=f"{name}_{at if slot.name is None else slot.name}")
        for at, slot in enumerate(known)
    ]
