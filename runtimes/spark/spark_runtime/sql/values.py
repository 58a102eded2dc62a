"""Hold the values of an expression, and which of them are null."""

from typing import Any, Dict, NamedTuple, Sequence

import numpy as np

from spark_runtime.columns import NUMBER, TEXT, Column
from spark_runtime.unsupported import Unsupported

# From narrow to wide: of two types, the result has the wider one.
WIDTHS = ("bool", "int8", "int16", "int32", "int64", "float32", "float64")
INTEGERS = ("int8", "int16", "int32", "int64")
BOOL, INT, LONG, DOUBLE, STRING, NULL = "bool", "int32", "int64", "float64", "string", "null"
# A literal such as 0.5: a decimal to Spark, which is exact, unless it meets a double.
DECIMAL = "decimal"


class Values(NamedTuple):
    """The values of some rows; what stands where one is null means nothing."""

    values: np.ndarray
    nulls: np.ndarray


def common_type(types: Sequence[str]) -> str:
    """Return the type of a result that may be of any of these.

    Raises:
        Unsupported: there is none, or it is a decimal.
    """
    known = [it for it in types if it != NULL]
    if not known or set(known) == {STRING}:
        return known[0] if known else NULL
    if STRING in known:
        raise Unsupported("it mixes texts and numbers: CAST one of them")
    if DECIMAL in known:
        if not {"float32", DOUBLE} & set(known):
            raise Unsupported("it calculates with decimals: CAST to DOUBLE, or write 0.5D")
        return DOUBLE
    return max(known, key=WIDTHS.index)


def of_column(column: Any, kind: str) -> Values:
    """Return the values of a pipeline's column, whose nulls are NaN and None."""
    if kind == STRING:
        return Values(column, np.array([it is None for it in column], bool))
    nulls = np.isnan(column)
    known = np.where(nulls, 0, column) if nulls.any() else column
    return Values(known.astype(held(kind)), nulls)


def as_column(found: Values, kind: str) -> Any:
    """Return values as a pipeline's column: integers with nulls among them become floats."""
    if kind == STRING:
        column = found.values.astype(object)
        column[found.nulls] = None
        return column
    if not found.nulls.any():
        return found.values
    return np.where(found.nulls, np.nan, found.values.astype(np.float64))


def held(kind: str) -> Any:
    """Return the dtype in which values of a type are held."""
    if kind == STRING:
        return object
    return {BOOL: np.bool_, "float32": np.float32, NULL: np.float64}.get(
        kind, np.int64 if kind in INTEGERS else np.float64
    )


def cast(found: Values, before: str, after: str) -> Values:
    """Return values of one type as those of another, wider one."""
    if before == after:
        return found
    if before == NULL:
        empty = np.full(len(found.nulls), None if after == STRING else 0, held(after))
        return Values(empty, found.nulls)
    return found._replace(values=found.values.astype(held(after)))


def wrapped(values: np.ndarray, kind: str) -> np.ndarray:
    """Return integers as narrow ones would have overflowed."""
    return values.astype(kind).astype(np.int64) if kind in INTEGERS else values


def type_of(column: Column) -> str:
    """Return the type of a pipeline's column.

    Raises:
        Unsupported: it is none of numbers or texts.
    """
    kinds: Dict[str, str] = {NUMBER: column.dtype, TEXT: STRING}
    kind = kinds.get(column.kind, "")
    if kind != STRING and kind not in WIDTHS:
        raise Unsupported("it calculates with a column that is neither of numbers nor of texts")
    return kind
