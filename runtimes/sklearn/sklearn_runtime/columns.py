"""Infer from a fitted estimator's encoders and vectorisers which of its columns are strings."""

from typing import Any, Iterator, List, NamedTuple, Tuple

import numpy as np

from serving_runtime.signature import NUMPY_DTYPES, STRING
from sklearn_runtime import structure


class Column(NamedTuple):
    """A column that the estimator was fitted on, and a value that it must be able to take."""

    name: str
    dtype: str
    value: Any


def named(estimator: Any) -> List[Column]:
    """Describe the named columns; what no encoder or vectoriser takes is a number."""
    names = structure.feature_names(estimator)
    special = _special(structure.first_step(estimator), names) if names else ()
    known = {column.name: column for column in special}
    return [known.get(name, Column(name, "float64", 0.0)) for name in names]


def encoded(estimator: Any) -> List[Column]:
    """Describe what an encoder anywhere in the estimator's steps takes; empty if it has none."""
    inner = structure.searched(estimator)
    steps = [step for _, step in inner.steps] if structure.is_pipeline(inner) else [inner]
    for step in steps:
        found = getattr(step, "categories_", None)
        if found is not None:
            return [_category(np.asarray(values)) for values in found]
    return []


def _special(transformer: Any, fitted: Tuple[str, ...]) -> Iterator[Column]:
    """Yield the columns of a ColumnTransformer that go to an encoder or a vectoriser."""
    names = np.array(fitted, dtype=object)
    for _, part, chosen in getattr(transformer, "transformers_", ()):
        if isinstance(part, str):
            continue
        own = _names(names, chosen)
        if structure.takes_text(part):
            yield from (Column(name, STRING, "") for name in own)
        for name, category in zip(own, encoded(part)):
            yield category._replace(name=name)


def _names(names: np.ndarray, chosen: Any) -> List[str]:
    """Return the names that a ColumnTransformer's choice means: names, positions, or a mask."""
    if isinstance(chosen, str):
        return [chosen]
    if isinstance(chosen, slice):
        return [str(name) for name in names[_positions(names.tolist(), chosen)]]
    listed = list(chosen)
    if listed and all(isinstance(item, str) for item in listed):
        return listed
    return [str(name) for name in names[np.asarray(listed)]] if listed else []


def _positions(names: List[str], chosen: slice) -> slice:
    """Return a slice of positions; one of names has its end in it, as pandas' have."""
    start, stop = chosen.start, chosen.stop
    start = names.index(start) if isinstance(start, str) else start
    stop = names.index(stop) + 1 if isinstance(stop, str) else stop
    return slice(start, stop, chosen.step)


def _category(values: np.ndarray) -> Column:
    if values.dtype.kind in "OSU":
        texts = [value for value in values.tolist() if isinstance(value, str)]
        return Column("", STRING, texts[0] if texts else "")
    dtype = values.dtype.name
    return Column("", dtype if dtype in NUMPY_DTYPES else "float64", values[0])
