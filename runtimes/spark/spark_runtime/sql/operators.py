"""Compile the operators: arithmetic, comparisons, and SQL's logic of three values."""

from typing import Any, Callable, Dict, List

import numpy as np

from spark_runtime.columns import Table
from spark_runtime.sql.expression import Expression, aligned, as_type, constant
from spark_runtime.sql.values import BOOL, DECIMAL, DOUBLE, INT, LONG, NULL, STRING, Values, wrapped
from spark_runtime.unsupported import Unsupported


def named_constant(name: str, parts: List[Expression]) -> Expression:
    """Return TRUE, FALSE or NULL."""
    return constant(None, NULL) if name == "NULL" else constant(name == "TRUE", BOOL)


def number(text: str, parts: List[Expression]) -> Expression:
    """Return a literal number, of the type that its form has."""
    suffix = text[-1].upper()
    if suffix in "DL":
        digits = text[:-1]
        return constant(float(digits), DOUBLE) if suffix == "D" else constant(int(digits), LONG)
    if "e" in text.lower():
        return constant(float(text), DOUBLE)
    if "." in text:
        return constant(float(text), DECIMAL)
    return constant(int(text), INT if int(text) < 2**31 else LONG)


def negative(value: Any, parts: List[Expression]) -> Expression:
    """Return a number with the other sign."""
    [part] = parts

    def evaluate(table: Table, count: int) -> Values:
        found = part.evaluate(table, count)
        return found._replace(values=wrapped(-found.values, part.kind))

    return Expression(part.kind, evaluate)


def arithmetic(sign: str, parts: List[Expression]) -> Expression:
    """Return what an operator makes of two numbers; what is divided by zero is null."""
    kind, (left, right) = aligned(parts)
    if kind in (STRING, BOOL, NULL):
        raise Unsupported(f"it calculates with {kind}: CAST it to a number")
    if sign == "/":
        kind, (left, right) = DOUBLE, [as_type(part, DOUBLE) for part in parts]
    result = LONG if sign == "DIV" else kind
    by_zero = sign in ("/", "%", "DIV")

    def evaluate(table: Table, count: int) -> Values:
        one, other = left(table, count), right(table, count)
        nulls = one.nulls | other.nulls
        divisor = other.values
        if by_zero:  # SQL's is null
            nulls = nulls | (divisor == 0)
            divisor = np.where(divisor == 0, 1, divisor)
        return Values(wrapped(_MATH[sign](one.values, divisor), result), nulls)

    return Expression(result, evaluate)


def _whole_quotient(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    quotient = np.abs(one) // np.abs(other)
    return np.where((one < 0) != (other < 0), -quotient, quotient).astype(np.int64)


_MATH: Dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": np.divide,
    "%": np.fmod,
    "DIV": _whole_quotient,
}
_COMPARE: Dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    "=": np.equal,
    "==": np.equal,
    "<=>": np.equal,
    "<>": np.not_equal,
    "!=": np.not_equal,
    "<": np.less,
    "<=": np.less_equal,
    ">": np.greater,
    ">=": np.greater_equal,
}


def comparison(sign: str, parts: List[Expression]) -> Expression:
    """Return whether a comparison holds; with null it is null, but for `<=>`."""
    kind, (left, right) = aligned(parts)
    compare = _COMPARE[sign]

    def evaluate(table: Table, count: int) -> Values:
        one, other = left(table, count), right(table, count)
        nulls = one.nulls | other.nulls
        values = np.zeros(count, bool)
        known = ~nulls
        values[known] = compare(one.values[known], other.values[known])
        if sign != "<=>":
            return Values(values, nulls)
        return Values(values | (one.nulls & other.nulls), np.zeros(count, bool))

    return Expression(BOOL, evaluate)


def is_null(value: Any, parts: List[Expression]) -> Expression:
    """Return whether a value is null."""
    [part] = parts
    return Expression(
        BOOL,
        lambda table, count: Values(part.evaluate(table, count).nulls, np.zeros(count, bool)),
    )


def negation(value: Any, parts: List[Expression]) -> Expression:
    """Return NOT."""
    [part] = parts

    def evaluate(table: Table, count: int) -> Values:
        found = part.evaluate(table, count)
        return found._replace(values=~found.values.astype(bool))

    return Expression(BOOL, evaluate)


def junction(decides: bool) -> Callable[[Any, List[Expression]], Expression]:
    """Return AND, which one false value decides, or OR, which one true value does."""

    def make(value: Any, parts: List[Expression]) -> Expression:
        left, right = [as_type(part, BOOL) for part in parts]

        def evaluate(table: Table, count: int) -> Values:
            one, other = left(table, count), right(table, count)
            is_decided = (~one.nulls & (one.values == decides)) | (
                ~other.nulls & (other.values == decides)
            )
            nulls = (one.nulls | other.nulls) & ~is_decided
            return Values(is_decided == decides, nulls)

        return Expression(BOOL, evaluate)

    return make


def membership(value: Any, parts: List[Expression]) -> Expression:
    """Return IN."""
    found, *listed = parts
    node = comparison("=", [found, listed[0]])
    for other in listed[1:]:
        node = junction(True)(None, [node, comparison("=", [found, other])])
    return node
