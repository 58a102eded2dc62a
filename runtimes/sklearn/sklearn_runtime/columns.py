"""Name an estimator's columns, in the order that it takes them, with what is known of each."""

from typing import Any, Dict, Mapping, Sequence, Tuple

import numpy as np

from serving_runtime.signature import ANY, NUMPY_DTYPES, STRING, Field, Nullable, Signature
from sklearn_runtime import evidence, structure
from sklearn_runtime.evidence import Evidence


def named(estimator: Any, declared: Sequence[str] = ()) -> Dict[str, Evidence]:
    """Return what is known of each column, by name and in the order that the estimator takes them.

    Args:
        estimator: fitted.
        declared: the contract's names; they count where the estimator was fitted without names.
    """
    names = order(estimator, declared)
    return dict(zip(names, evidence.of(estimator, len(names)) if names else ()))


def order(estimator: Any, declared: Sequence[str]) -> Tuple[str, ...]:
    """Return the names of the columns in the order of the fit, else in the contract's order."""
    fitted = structure.feature_names(estimator)
    return fitted if fitted and not are_positions(fitted, declared) else tuple(declared)


def are_positions(fitted: Sequence[str], declared: Sequence[str]) -> bool:
    """Whether a library made the names up, and the contract has others in their places."""
    is_other = bool(declared) and not set(declared) & set(fitted)
    return is_other and structure.are_invented(fitted)


def whole(estimator: Any, sizes: Sequence[int]) -> Sequence[Evidence]:
    """Return what is known of the columns of a table that is one input.

    Args:
        estimator: fitted.
        sizes: of the table's axes but the first; empty where one of them is not known.
    """
    is_table = len(sizes) == 1 and sizes[0] == structure.feature_count(estimator)
    return evidence.of(estimator, sizes[0]) if is_table else ()


def nullable(estimator: Any, signature: Signature, is_by_column: bool) -> Tuple[Nullable, ...]:
    """Return which inputs can have missing values, and what stands for one.

    Args:
        estimator: fitted.
        signature: that is served.
        is_by_column: whether each input is a column; else the one input is the whole table.
    """
    if not is_by_column:
        return () if structure.takes_text(estimator) else _of_table(estimator, signature.inputs)
    known = named(estimator, [field.name for field in signature.inputs])
    found = ((field, known.get(field.name, evidence.UNKNOWN)) for field in signature.inputs)
    return tuple(_nullable(field, it) for field, it in found if it.takes_missing)


def samples(estimator: Any, signature: Signature, is_by_column: bool) -> Mapping[str, Any]:
    """Return values that the estimator takes, of inputs in which it may refuse others.

    Args:
        estimator: fitted.
        signature: that is served.
        is_by_column: whether each input is a column; else the one input is the whole table.
    """
    if not is_by_column:
        (field,) = signature.inputs
        values = [it.value for it in whole(estimator, (field.shape or ())[1:])]
        is_fit = all(_is_of(field, value) for value in values)
        is_of_one_kind = len({isinstance(value, str) for value in values}) == 1
        return {field.name: tuple(values)} if is_fit and is_of_one_kind else {}
    known = named(estimator, [field.name for field in signature.inputs])
    found = {it.name: known[it.name].value for it in signature.inputs if it.name in known}
    return {it.name: found[it.name] for it in signature.inputs if _is_of(it, found.get(it.name))}


def _is_of(field: Field, value: Any) -> bool:
    """Whether a value can be an element of a field."""
    if isinstance(value, str):
        return field.dtype in (STRING, ANY)
    if field.dtype == STRING or field.dtype not in NUMPY_DTYPES:
        return False
    dtype = NUMPY_DTYPES[field.dtype]
    return isinstance(value, (int, float)) and np.can_cast(np.min_scalar_type(value), dtype)


def _of_table(estimator: Any, fields: Sequence[Field]) -> Tuple[Nullable, ...]:
    """Return that a table has missing values by NaN, unless its columns agree on something else."""
    known = whole(estimator, [structure.feature_count(estimator) or 0]) or [evidence.UNKNOWN]
    if not all(column.takes_missing for column in known):
        return ()
    return tuple(_nullable(field, known[0]) for field in fields)


def _nullable(field: Field, known: Evidence) -> Nullable:
    # What stands for a missing text stands for no number.
    is_text = isinstance(known.missing, str) and field.dtype != STRING
    return Nullable(field.name, evidence.NAN if is_text else known.missing, known.numbers)
