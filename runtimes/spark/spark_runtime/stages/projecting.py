"""Evaluate what turns vectors in their space."""

import functools
import math
from typing import Any

import numpy as np

from spark_runtime.columns import Column, vector_of
from spark_runtime.stages.stage import OfVectors, evaluates
from spark_runtime.vectors import dense, matrix, products


@evaluates("feature.DCT")
class Dct(OfVectors):
    """The discrete cosine transform of vectors, the unitary DCT-II."""

    def apply(self, column: Any, at: int) -> np.ndarray:
        """Transform each vector."""
        vectors = dense(column)
        cosines = _cosines(vectors.shape[1])
        return products(vectors, cosines.T if self.param("inverse", False) else cosines)


@functools.lru_cache(maxsize=8)
def _cosines(size: int) -> np.ndarray:
    frequencies, places = np.arange(size)[:, None], np.arange(size)[None]
    # Reduced to one turn first, since a cosine of a large number loses digits.
    angles = frequencies * (2 * places + 1) % (4 * size)
    found = np.cos(np.pi * angles / (2.0 * size)) * math.sqrt(2.0 / size)
    found[0] = math.sqrt(1.0 / size)
    return found


@evaluates("feature.PCAModel")
class Pca(OfVectors):
    """Vectors in the directions of the principal components."""

    def load(self) -> None:
        """Read the components, which Spark 2.0 may have saved as a plain matrix."""
        self._components = matrix(self.saved.row()["pc"]).T.copy()
        self.takes = vector_of(self._components.shape[1])

    def gives(self, column: Column, at: int) -> Column:
        """Return that these are vectors with a place for each component."""
        return vector_of(len(self._components))

    def apply(self, column: Any, at: int) -> np.ndarray:
        """Project each vector."""
        return products(column, self._components)
