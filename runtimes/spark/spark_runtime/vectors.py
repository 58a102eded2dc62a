"""Hold the vectors of a column, and sum as Spark does: in the order of the indices.

A sum in another order has other last bits, which decide between classes where two are as likely.
"""

from typing import Any, Dict, List, Sequence, Tuple, Union

import numpy as np

# Vectors that are wider are kept sparse where Spark's own stage gives sparse ones.
DENSE_WIDTH = 256


class Sparse:
    """The vectors of some rows, without their zeros.

    Args:
        count: of the rows.
        size: of each vector.
        rows: to which row each value belongs, ascending.
        indices: where it is in the vector, ascending within a row.
        values: none of them is zero by necessity.
    """

    __slots__ = ("count", "indices", "rows", "size", "values")

    def __init__(
        self, count: int, size: int, rows: np.ndarray, indices: np.ndarray, values: np.ndarray
    ) -> None:
        self.count, self.size = count, size
        self.rows, self.indices, self.values = rows, indices, values

    def __len__(self) -> int:
        return self.count

    @property
    def shape(self) -> Tuple[int, int]:
        """The shape when dense; with ``dtype`` and ``toarray``, what common knows a matrix by."""
        return self.count, self.size

    @property
    def dtype(self) -> "np.dtype[Any]":
        """The type when dense."""
        return np.dtype(np.float64)

    def toarray(self) -> np.ndarray:
        """Return float64[count, size]."""
        found = np.zeros((self.count, self.size))
        found[self.rows, self.indices] = self.values
        return found

    def with_values(self, values: np.ndarray) -> "Sparse":
        """Return vectors with others in the same places."""
        return Sparse(self.count, self.size, self.rows, self.indices, values)


Vectors = Union[np.ndarray, Sparse]


def dense(column: Any) -> np.ndarray:
    """Return vectors as float64[rows, size]."""
    return column.toarray() if isinstance(column, Sparse) else column


def picked(column: Vectors, places: np.ndarray) -> np.ndarray:
    """Return some places of vectors as float64[rows, places], without the others."""
    if not isinstance(column, Sparse):
        return column[:, places]
    order = np.argsort(places, kind="mergesort")
    ordered = places[order]
    at = np.searchsorted(ordered, column.indices)
    at[at == len(places)] = 0
    kept = ordered[at] == column.indices if len(places) else np.zeros(len(at), bool)
    found = np.zeros((column.count, len(places)))
    found[column.rows[kept], order[at[kept]]] = column.values[kept]
    return found


def from_counts(counts: Sequence[Dict[int, float]], size: int) -> Sparse:
    """Return sparse vectors of values by index, one dict a row."""
    indices: List[int] = []
    values: List[float] = []
    for row in counts:
        ordered = sorted(row)
        indices += ordered
        values += [row[index] for index in ordered]
    rows = np.zeros(len(indices), np.int64)
    if len(counts) > 1:
        rows = np.repeat(np.arange(len(counts)), [len(row) for row in counts])
    return Sparse(len(counts), size, rows, np.array(indices, np.int64), np.array(values))


def total(terms: np.ndarray) -> np.ndarray:
    """Sum along the last axis, first to last."""
    if not terms.shape[-1]:
        return np.zeros(terms.shape[:-1])
    return np.add.accumulate(terms, axis=-1)[..., -1]


def dot(vectors: Vectors, weights: np.ndarray) -> np.ndarray:
    """Return the product of each vector with the weights: float64[rows]."""
    if isinstance(vectors, Sparse):
        terms = vectors.values * weights[vectors.indices]
        return np.bincount(vectors.rows, terms, vectors.count)
    return total(vectors * weights)


def products(vectors: Vectors, matrix: np.ndarray) -> np.ndarray:
    """Return the product of each vector with each row of a matrix: float64[rows, matrix rows]."""
    found = np.empty((len(vectors), len(matrix)))
    for row, weights in enumerate(matrix):
        found[:, row] = dot(vectors, weights)
    return found


def pair(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return vectors of two."""
    found = np.empty((len(first), 2))
    found[:, 0] = first
    found[:, 1] = second
    return found


def vector(saved: Any) -> np.ndarray:
    """Return a vector that was saved, in Parquet or as a parameter."""
    if saved["type"] == 1:
        return np.array(saved["values"], np.float64)
    found = np.zeros(saved["size"])
    found[np.array(saved["indices"], np.int64)] = saved["values"]
    return found


def matrix(saved: Any) -> np.ndarray:
    """Return a matrix that was saved: float64[numRows, numCols]."""
    rows, columns = saved["numRows"], saved["numCols"]
    values = np.array(saved["values"], np.float64)
    if saved["type"] == 1:
        if saved["isTransposed"]:
            return values.reshape(rows, columns)
        return np.ascontiguousarray(values.reshape(columns, rows).T)
    starts = np.array(saved["colPtrs"], np.int64)
    major = np.repeat(np.arange(len(starts) - 1), np.diff(starts))
    minor = np.array(saved["rowIndices"], np.int64)
    found = np.zeros((rows, columns))
    found[(major, minor) if saved["isTransposed"] else (minor, major)] = values
    return found
