"""Evaluate what multiplies the numbers of vectors with each other."""

import math
from typing import Any, List, Tuple

import numpy as np

from serving_runtime.signature import FREE
from spark_runtime.columns import ANY_NUMBER, VECTOR, Column, Schema, Table, vector_of
from spark_runtime.stages.assembling import OfColumns, numbers_of
from spark_runtime.stages.encoding import slots_of
from spark_runtime.stages.stage import OfVectors, evaluates
from spark_runtime.unsupported import Unsupported
from spark_runtime.vectors import dense


@evaluates("feature.Interaction")
class Interaction(OfColumns):
    """The products of each combination of values."""

    def plan(self, schema: Schema) -> None:
        """Note the inputs; a category has a place for each of its values."""
        self._categories: List[List[int]] = []
        for name in self.names:
            column = numbers_of(schema, name, ANY_NUMBER._replace(is_certain=False))
            if column.kind == VECTOR and column.size == FREE:
                raise Unsupported(f'nothing says how wide the vectors of "{name}" are')
            self._categories.append([slot.categories for slot in slots_of(name, column)])
        widths = [sum(max(1, count) for count in counts) for counts in self._categories]
        schema.add(self.made, vector_of(int(np.prod(widths))))

    def transform(self, table: Table) -> None:
        """Multiply each combination, the last column's values first."""
        encoded = [
            _encoded(dense(table[name]), counts)
            for name, counts in zip(self.names, self._categories)
        ]
        found = encoded[-1]
        for values in encoded[-2::-1]:
            found = (values[:, :, None] * found[:, None, :]).reshape(len(found), -1)
        table[self.made] = found


def _encoded(values: Any, categories: List[int]) -> np.ndarray:
    whole = np.asarray(values, np.float64).reshape(len(values), -1)
    parts = [
        (whole[:, [at]] == np.arange(count)).astype(np.float64) if count else whole[:, [at]]
        for at, count in enumerate(categories)
    ]
    return np.concatenate(parts, axis=1)


@evaluates("feature.PolynomialExpansion")
class PolynomialExpansion(OfVectors):
    """The products of up to so many values."""

    def gives(self, column: Column, at: int) -> Column:
        """Return that these are longer vectors."""
        self._degree = self.param("degree", 2)
        wide = column.size == FREE
        return vector_of(FREE if wide else _combinations(column.size, self._degree) - 1)

    def apply(self, column: Any, at: int) -> np.ndarray:
        """Return each product, in Spark's order."""
        vectors = dense(column)
        width = vectors.shape[1]
        found = np.zeros((len(vectors), _combinations(width, self._degree) - 1))
        self._expand(vectors, (width - 1, self._degree, -1), np.ones(len(vectors)), found)
        return found

    def _expand(
        self, vectors: np.ndarray, at: Tuple[int, int, int], product: np.ndarray, found: np.ndarray
    ) -> int:
        """Write the products with values up to ``last``, and return where the next ones go."""
        last, degree, place = at
        if degree == 0 or last < 0:
            if place >= 0:
                found[:, place] = product
        else:
            start = place
            for power in range(degree + 1):
                start = self._expand(vectors, (last - 1, degree - power, start), product, found)
                product = product * vectors[:, last]
        return place + _combinations(last + 1, degree)


def _combinations(width: int, degree: int) -> int:
    numerator = math.factorial(width + degree)
    return numerator // math.factorial(width) // math.factorial(degree)
