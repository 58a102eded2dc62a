"""Describe what evaluates an expression."""

from typing import Any, Callable, List, NamedTuple, Sequence, Tuple

import numpy as np

from spark_runtime.columns import Table
from spark_runtime.sql.values import Values, cast, common_type, held

Evaluate = Callable[[Table, int], Values]


class Expression(NamedTuple):
    """What evaluates an expression for a table of so many rows, and the type of its values."""

    kind: str
    evaluate: Evaluate


def as_type(part: Expression, kind: str) -> Evaluate:
    """Return what evaluates an expression, as values of a wider type."""
    if part.kind == kind:
        return part.evaluate
    return lambda table, count: cast(part.evaluate(table, count), part.kind, kind)


def aligned(parts: Sequence[Expression]) -> Tuple[str, List[Evaluate]]:
    """Return the type that holds the values of all, and what evaluates each as that."""
    kind = common_type([part.kind for part in parts])
    return kind, [as_type(part, kind) for part in parts]


def constant(value: Any, kind: str) -> Expression:
    """Return an expression of one value for all rows; None is null."""
    is_null = value is None

    def evaluate(table: Table, count: int) -> Values:
        return Values(np.full(count, 0 if is_null else value, held(kind)), np.full(count, is_null))

    return Expression(kind, evaluate)
