"""Make arrays of what scikit-learn's methods return: arrays, sparse matrices, frames, lists."""

from typing import Any, Mapping

import numpy as np

from serving_runtime.errors import BrokenResult
from sklearn_runtime.plan import Source


def array_of(results: Mapping[str, Any], source: Source) -> Any:
    """Return the array that a source means.

    A classifier of several targets returns a list of probabilities, one array for each. They are
    stacked to [rows, targets, classes] if all targets have as many classes.

    Raises:
        BrokenResult: the result has no such part, or parts that differ in shape.
    """
    result = results[source.method]
    is_several = isinstance(result, (list, tuple))
    if source.part is not None:
        if not is_several or source.part >= len(result):
            raise BrokenResult(f"{source.method} has no part {source.part}")
        return dense(result[source.part])
    if not is_several:
        return dense(result)
    parts = [dense(part) for part in result]
    if len({part.shape for part in parts}) > 1:
        raise BrokenResult(
            f"{source.method} has targets of different numbers of classes: take each as an output "
            f"of its own, {source.method}_0, {source.method}_1, …"
        )
    return np.stack(parts, axis=1)


def dense(result: Any) -> Any:
    """Return an array of a sparse matrix; common reads everything else, masks and frames too."""
    return result.toarray() if hasattr(result, "toarray") else result
