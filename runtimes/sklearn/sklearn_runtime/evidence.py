"""Gather what the steps of a fitted estimator show of its columns, and what of that is certain.

A step that is scikit-learn's own, and that sees a column as it came, proves what the column holds.
One of the user's, or one behind it, makes a guess. Of all other columns nothing is known: what a
contract says of those is true.
"""

from typing import Any, Iterable, List, NamedTuple, Sequence

import numpy as np

from serving_runtime.signature import ANY, NUMPY_DTYPES, STRING
from sklearn_runtime import boosters, structure

NAN = float("nan")


class Evidence(NamedTuple):
    """What is known of one column.

    ``dtype`` is ``any`` where nothing is. ``value`` is one that the column must be able to hold,
    and ``missing`` what stands for none; ``takes_missing``: whether anything does. ``numbers`` is
    the dtype of numbers with missing ones among them. ``is_category``: the library takes it as
    pandas' ``category`` only.
    """

    dtype: str = ANY
    is_proven: bool = False
    value: Any = 0.0
    missing: Any = NAN
    takes_missing: bool = True
    numbers: str = "float64"
    is_category: bool = False

    def joined(self, other: "Evidence") -> "Evidence":
        """Return what two steps show of one column: a proof wins over a guess, then the first."""
        is_weaker = self.dtype == ANY or (other.is_proven and not self.is_proven)
        first, second = (other, self) if is_weaker else (self, other)
        return first._replace(
            missing=second.missing if _is_nan(first.missing) else first.missing,
            takes_missing=first.takes_missing and second.takes_missing,
            is_category=first.is_category or second.is_category,
        )

    @property
    def is_objects(self) -> bool:
        """Whether the step must be given objects: None among texts, or numbers as it knows them."""
        return self.missing is None or (self.numbers == "object" and self.dtype != STRING)

    @property
    def as_guess(self) -> "Evidence":
        """The same, where a step before may have changed the column."""
        return self._replace(is_proven=False)


UNKNOWN = Evidence()
TEXT = Evidence(STRING, is_proven=True, value="", takes_missing=False)


def of(step: Any, width: int) -> List[Evidence]:
    """Return what an estimator shows of the columns that it is given, in their order.

    Args:
        step: fitted; anything.
        width: how many columns there are.
    """
    step = structure.searched(step)
    if structure.is_pipeline(step):
        return _of_pipeline([part for _, part in step.steps], width)
    if structure.is_union(step):
        return _joined((of(part, width) for _, part in step.transformer_list), width)
    if hasattr(step, "transformers_"):
        return _of_columns(step, width)
    if structure.takes_text(step):
        return [TEXT if structure.is_sklearns(step) else TEXT.as_guess] * width
    return _of_single(step, width)


def _of_single(step: Any, width: int) -> List[Evidence]:
    if structure.is_imputer(step):
        return [_imputed(step)] * width
    if boosters.is_booster(step):
        return [_boosted(it) for it in boosters.columns(step, width)]
    # A histogram gradient boosting of 1.4 has its own ColumnTransformer, if there are categories.
    inner = getattr(step, "_preprocessor", None)
    if structure.is_sklearns(step) and hasattr(inner, "transformers_"):
        return of(inner, width)
    categories = getattr(step, "categories_", None)
    if not isinstance(categories, (list, tuple)) or len(categories) < width:
        return [UNKNOWN] * width
    found = [_category(values) for values in categories[:width]]
    return found if structure.is_sklearns(step) else [it.as_guess for it in found]


def _of_pipeline(steps: Sequence[Any], width: int) -> List[Evidence]:
    """Join what the steps show, up to the first that makes other columns of those that came."""
    found = [UNKNOWN] * width
    is_certain = True
    for step in steps:
        if step is None or step == "passthrough":
            continue
        own = of(step, width)
        found = _joined((found, own if is_certain else [it.as_guess for it in own]), width)
        if structure.is_imputer(step):
            continue
        if structure.is_sklearns(step) and not structure.is_function(step):
            break
        is_certain = False
    return found


def _of_columns(transformer: Any, width: int) -> List[Evidence]:
    """Join what the parts of a ColumnTransformer show of the columns that go to them."""
    found = [UNKNOWN] * width
    names = structure.own_feature_names(transformer)
    for _, part, chosen in transformer.transformers_:
        if isinstance(part, str):  # drop, passthrough
            continue
        places = _places(chosen, list(names), width)
        for place, own in zip(places, of(part, len(places))):
            found[place] = found[place].joined(own)
    is_own = structure.is_sklearns(transformer)
    return found if is_own else [it.as_guess for it in found]


def _joined(several: Iterable[List[Evidence]], width: int) -> List[Evidence]:
    found = [UNKNOWN] * width
    for own in several:
        found = [first.joined(second) for first, second in zip(found, own)]
    return found


def _places(chosen: Any, names: List[str], width: int) -> List[int]:
    """Return the positions that a ColumnTransformer's choice means: names, positions, or a mask."""
    if isinstance(chosen, slice):
        return list(range(width))[_positions(names, chosen)]
    listed = [chosen] if isinstance(chosen, str) else np.ravel(chosen).tolist()
    if listed and all(isinstance(item, str) for item in listed):
        return [names.index(item) for item in listed] if set(listed) <= set(names) else []
    chosen = np.asarray(listed, None if listed else int)
    return [int(place) for place in np.arange(width)[chosen]]


def _positions(names: List[str], chosen: slice) -> slice:
    """Return a slice of positions; one of names has its end in it, as pandas' have."""
    start, stop = chosen.start, chosen.stop
    start = names.index(start) if isinstance(start, str) else start
    stop = names.index(stop) + 1 if isinstance(stop, str) else stop
    return slice(start, stop, chosen.step)


def _imputed(imputer: Any) -> Evidence:
    """Return that texts are filled in for what the imputer takes for missing, where they are."""
    filled = np.ravel(getattr(imputer, "statistics_", ())).tolist()
    is_text = bool(filled) and all(isinstance(value, str) for value in filled)
    # Of numbers NaN is the missing one whatever an imputer looks for: a client has sent it.
    missing = imputer.missing_values
    missing = NAN if isinstance(missing, (int, float)) else missing
    found = Evidence(STRING, value=filled[0]) if is_text else UNKNOWN
    return found._replace(missing=missing)


def _boosted(column: boosters.Column) -> Evidence:
    return Evidence(
        column.dtype,
        column.is_proven,
        column.value,
        takes_missing=column.takes_missing,
        is_category=column.is_category,
    )


def _category(values: Any) -> Evidence:
    """Return what an encoder proves by the categories that it was fitted on."""
    listed = np.asarray(values, dtype=object).tolist()
    known = [value for value in listed if not _is_missing(value)]
    nothing = [value for value in listed if _is_missing(value)]
    dtype = np.asarray(values).dtype
    name = dtype.name if dtype.name in NUMPY_DTYPES else _dtype_of(known)
    return Evidence(
        name,
        is_proven=name != ANY,
        value=known[0] if known else 0.0,
        missing=NAN if not nothing or any(map(_is_nan, nothing)) else nothing[0],
        numbers="object" if dtype.kind == "O" else "float64",
    )


def _dtype_of(values: Sequence[Any]) -> str:
    kinds = {type(value) for value in values}
    for kind, dtype in ((str, STRING), (bool, "bool"), (int, "int64"), (float, "float64")):
        if kinds == {kind}:
            return dtype
    return ANY


def _is_missing(value: Any) -> bool:
    return value is None or _is_nan(value) or type(value).__name__ == "NAType"


def _is_nan(value: Any) -> bool:
    return isinstance(value, float) and value != value  # noqa: PLR0124  NaN is not itself
