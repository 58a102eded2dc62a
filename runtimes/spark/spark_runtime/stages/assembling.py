"""Evaluate what puts columns together to vectors, and takes vectors apart."""

from typing import Any, List, Tuple

import numpy as np

from serving_runtime.errors import InvalidInput
from serving_runtime.signature import FREE
from spark_runtime.columns import ANY_NUMBER, VECTOR, Column, Schema, Table, vector_of
from spark_runtime.stages.categories import advice
from spark_runtime.stages.encoding import slots_of
from spark_runtime.stages.stage import OfVectors, Stage, evaluates
from spark_runtime.unsupported import Unsupported
from spark_runtime.vectors import Sparse, Vectors, picked

# Assembled vectors that are wider stay sparse where a part of them is.
_MOST_DENSE = 4096


class OfColumns(Stage):
    """A stage that makes one vector of several columns."""

    def prepare(self) -> None:
        """Read the columns' names."""
        self.names: List[str] = self.param("inputCols")
        self.made: str = self.param("outputCol") or f"{self.saved.uid}__output"

    @property
    def reads(self) -> Tuple[str, ...]:
        """The names of its inputs."""
        return tuple(self.names)


@evaluates("feature.VectorAssembler")
class VectorAssembler(OfColumns):
    """Numbers and vectors, one after the other."""

    def plan(self, schema: Schema) -> None:
        """Note the inputs: numbers, unless something says that they are vectors."""
        guess = ANY_NUMBER._replace(is_certain=False)
        columns = [numbers_of(schema, name, guess) for name in self.names]
        sizes = [column.size if column.kind == VECTOR else 1 for column in columns]
        self._size = FREE if FREE in sizes else sum(sizes)
        # A vector may have NaN; a number may not.
        self._numbers = [name for name, column in zip(self.names, columns) if column.kind != VECTOR]
        self._policy = self.param("handleInvalid", "error")
        self._refuses = self.version >= (2, 4) and self._policy != "keep"
        slots = [
            slot for name, column in zip(self.names, columns) for slot in slots_of(name, column)
        ]
        schema.add(self.made, vector_of(self._size, slots if FREE not in sizes else ()))

    def transform(self, table: Table) -> None:
        """Join the columns."""
        columns = [table[name] for name in self.names]
        if any(isinstance(column, Sparse) for column in columns):
            table[self.made] = joined = _joined(columns)
        else:
            table[self.made] = joined = _stacked(columns)
        if self._refuses and not isinstance(joined, Sparse) and np.isnan(joined).any():
            self._refuse_missing(table)

    def _refuse_missing(self, table: Table) -> None:
        for name in self._numbers:
            missing = np.isnan(np.asarray(table[name], np.float64))
            self.refuse(missing, name, "the number is missing" + advice(self._policy))


def numbers_of(schema: Schema, name: str, guess: Column) -> Column:
    """Return a column of numbers or of vectors: the schema's, or the guess where it has none."""
    column = schema.need(name, guess)
    if column.kind not in (guess.kind, VECTOR):
        return schema.need(name, ANY_NUMBER)  # texts cannot be assembled
    return column


def _stacked(columns: List[Any]) -> np.ndarray:
    count = len(columns[0])
    widths = [1 if column.ndim == 1 else column.shape[1] for column in columns]
    found = np.empty((count, sum(widths)))
    start = 0
    for column, width in zip(columns, widths):
        if column.ndim == 1:
            found[:, start] = column
        else:
            found[:, start : start + width] = column
        start += width
    return found


def _joined(columns: List[Any]) -> Vectors:
    parts = [_sparse(column) for column in columns]
    offsets = np.cumsum([0] + [part.size for part in parts])
    size = int(offsets[-1])
    rows = np.concatenate([part.rows for part in parts])
    indices = np.concatenate([part.indices + at for part, at in zip(parts, offsets)])
    values = np.concatenate([part.values for part in parts])
    order = np.argsort(rows, kind="mergesort")  # the stable one
    found = Sparse(len(columns[0]), size, rows[order], indices[order], values[order])
    return found if size > _MOST_DENSE else found.toarray()


def _sparse(column: Any) -> Sparse:
    if isinstance(column, Sparse):
        return column
    whole = np.asarray(column, np.float64).reshape(len(column), -1)
    rows, indices = np.nonzero(whole)
    return Sparse(len(whole), whole.shape[1], rows, indices, whole[rows, indices])


class _Picking(OfVectors):
    """A stage that keeps some places of a vector."""

    places: np.ndarray

    def gives(self, column: Column, at: int) -> Column:
        """Return that these are shorter vectors."""
        slots = [column.slots[place] for place in self.places] if column.slots else ()
        return vector_of(len(self.places), slots)

    def apply(self, column: Any, at: int) -> np.ndarray:
        """Return the places that are kept."""
        return picked(column, self.places)


@evaluates("feature.VectorSlicer")
class VectorSlicer(_Picking):
    """Places by their numbers, and then by their names."""

    def gives(self, column: Column, at: int) -> Column:
        """Return that these are shorter vectors."""
        names = [slot.name for slot in column.slots]
        wanted = self.param("names") or []
        missing = [name for name in wanted if name not in names]
        if missing:
            raise Unsupported(f"nothing says which places {', '.join(missing)} are")
        named = [names.index(name) for name in wanted]
        self.places = np.array((self.param("indices") or []) + named, np.int64)
        return super().gives(column, at)


@evaluates(
    "feature.ChiSqSelectorModel",
    "feature.UnivariateFeatureSelectorModel",
    "feature.VarianceThresholdSelectorModel",
)
class Selector(_Picking):
    """The places that a selector has found worth keeping."""

    def load(self) -> None:
        """Read which they are."""
        self.places = np.array(sorted(self.saved.row()["selectedFeatures"]), np.int64)

    def find_pairs(self) -> List[Tuple[str, str]]:
        """Return the names of the features and of the output."""
        return [(self.param("featuresCol", "features"), self.param("outputCol"))]


@evaluates("feature.VectorSizeHint")
class VectorSizeHint(Stage):
    """Vectors of a size that is known; nothing is changed."""

    def prepare(self) -> None:
        """Read the column and the size."""
        self._name: str = self.param("inputCol")
        self._size: int = self.param("size")
        self._policy = self.param("handleInvalid", "error")

    @property
    def reads(self) -> Tuple[str, ...]:
        """The name of the column."""
        return (self._name,)

    def plan(self, schema: Schema) -> None:
        """Note the size of the column."""
        column = schema.need(self._name, vector_of(self._size))
        if self._name in schema.added:
            schema.add(self._name, column._replace(size=self._size))

    def transform(self, table: Table) -> None:
        """Check the size, unless the stage is optimistic."""
        column = table[self._name]
        width = column.size if isinstance(column, Sparse) else column.shape[1]
        if width != self._size and self._policy != "optimistic":
            raise InvalidInput(
                f'column "{self._name}": expected vectors of {self._size}, got {width}'
            )
