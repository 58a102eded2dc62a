"""Compile what chooses between values, or passes over nulls."""

from typing import Any, Callable, Dict, List

import numpy as np

from spark_runtime.columns import Table
from spark_runtime.sql.expression import Expression, aligned, as_type, constant
from spark_runtime.sql.operators import comparison, is_null, negation
from spark_runtime.sql.values import NULL, STRING, Values


def case(value: Any, parts: List[Expression]) -> Expression:
    """Return CASE: conditions, each with its result, and last the result of none."""
    conditions, results = parts[:-1:2], [*parts[1:-1:2], parts[-1]]
    kind, chosen = aligned(results)

    def evaluate(table: Table, count: int) -> Values:
        values, nulls = chosen[-1](table, count)
        values, nulls = values.copy(), nulls.copy()
        for condition, result in zip(conditions[::-1], chosen[-2::-1]):
            asked, found = condition.evaluate(table, count), result(table, count)
            holds = asked.values.astype(bool) & ~asked.nulls
            values[holds], nulls[holds] = found.values[holds], found.nulls[holds]
        return Values(values, nulls)

    return Expression(kind, evaluate)


def coalesce(parts: List[Expression]) -> Expression:
    """Return the first value that is not null."""
    kind, found = aligned(parts)

    def evaluate(table: Table, count: int) -> Values:
        values, nulls = found[0](table, count)
        for part in found[1:]:
            other = part(table, count)
            values = np.where(nulls, other.values, values)
            nulls = nulls & other.nulls
        return Values(values, nulls)

    return Expression(kind, evaluate)


def _if(parts: List[Expression]) -> Expression:
    return case(None, parts)


def _null_if(parts: List[Expression]) -> Expression:
    one, _ = parts
    return case(None, [comparison("=", parts), constant(None, NULL), one])


def _extreme(is_better: Callable[[Any, Any], Any]) -> Callable[[List[Expression]], Expression]:
    """Return GREATEST or LEAST, which pass over nulls."""

    def make(parts: List[Expression]) -> Expression:
        kind, found = aligned(parts)

        def evaluate(table: Table, count: int) -> Values:
            values, nulls = found[0](table, count)
            values, nulls = values.copy(), nulls.copy()
            for part in found[1:]:
                other = part(table, count)
                both = ~nulls & ~other.nulls
                takes = nulls & ~other.nulls
                takes[both] = is_better(other.values[both], values[both])
                values[takes] = other.values[takes]
                nulls = nulls & other.nulls
            return Values(values, nulls)

        return Expression(kind, evaluate)

    return make


def _concat_ws(parts: List[Expression]) -> Expression:
    separator, *texts = [as_type(part, STRING) for part in parts]

    def evaluate(table: Table, count: int) -> Values:
        glue, *found = [part(table, count) for part in (separator, *texts)]
        joined = np.empty(count, object)
        for row in range(count):
            known = [part.values[row] for part in found if not part.nulls[row]]
            joined[row] = "" if glue.nulls[row] else glue.values[row].join(known)
        return Values(joined, glue.nulls)

    return Expression(STRING, evaluate)


CONDITIONAL: Dict[str, Callable[[List[Expression]], Expression]] = {
    "COALESCE": coalesce,
    "NVL": coalesce,
    "IFNULL": coalesce,
    "IF": _if,
    "NULLIF": _null_if,
    "GREATEST": _extreme(np.greater),
    "LEAST": _extreme(np.less),
    "CONCAT_WS": _concat_ws,
    "ISNULL": lambda parts: is_null(None, parts),
    "ISNOTNULL": lambda parts: negation(None, [is_null(None, parts)]),
}
