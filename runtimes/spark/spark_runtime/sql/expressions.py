"""Turn the tree of an expression into what evaluates it for many rows at once."""

from typing import Any, Callable, Dict, List, Mapping, NamedTuple, Sequence, Tuple

import numpy as np

from spark_runtime.columns import Table
from spark_runtime.sql import casting
from spark_runtime.sql.functions import FUNCTIONS, require_literal_patterns
from spark_runtime.sql.syntax import Node
from spark_runtime.sql.values import (
    BOOL,
    DECIMAL,
    DOUBLE,
    INT,
    LONG,
    NULL,
    STRING,
    Values,
    cast,
    common_type,
    held,
    of_column,
    wrapped,
)
from spark_runtime.unsupported import Unsupported

Evaluate = Callable[[Table, int], Values]


class Expression(NamedTuple):
    """What evaluates an expression for a table of so many rows, and the type of its values."""

    kind: str
    evaluate: Evaluate


def compile_node(node: Node, types: Mapping[str, str]) -> Expression:
    """Return what evaluates a tree.

    Args:
        node: the tree.
        types: of the columns.

    Raises:
        Unsupported: it has what is not evaluated here.
    """
    return _Compiler(types).compile(node)


class _Compiler:
    def __init__(self, types: Mapping[str, str]) -> None:
        self._types = types

    def compile(self, node: Node) -> Expression:
        if node.kind == "call":
            return self._call(node)
        parts = [self.compile(part) for part in node.parts]
        if node.kind == "column":
            return self._column(node.value)
        return _KINDS[node.kind](node.value, parts)

    def _column(self, name: str) -> Expression:
        names = {known.lower(): known for known in self._types}  # SQL's names have no case
        known = names.get(name.lower(), name)
        kind = self._types[known]
        return Expression(kind, lambda table, count: of_column(table[known], kind))

    def _call(self, node: Node) -> Expression:
        parts = [self.compile(part) for part in node.parts]
        if node.value in _CONDITIONAL:
            return _CONDITIONAL[node.value](parts)
        if node.value not in FUNCTIONS:
            raise Unsupported(f"it calls {node.value}, which is not evaluated here")
        require_literal_patterns(node.value, node.parts)
        function = FUNCTIONS[node.value]
        kinds = function.accept(node.value, [part.kind for part in parts])
        apply, kind = function.apply, function.gives(kinds)
        inputs = [_as(part, wanted) for part, wanted in zip(parts, kinds)]

        def evaluate(table: Table, count: int) -> Values:
            found = [part(table, count) for part in inputs]
            nulls = np.zeros(count, bool)
            for part in found:
                nulls = nulls | part.nulls
            return apply([part.values for part in found], nulls)

        return Expression(kind, evaluate)


def _as(part: Expression, kind: str) -> Evaluate:
    if part.kind == kind:
        return part.evaluate
    return lambda table, count: cast(part.evaluate(table, count), part.kind, kind)


def _aligned(parts: Sequence[Expression]) -> Tuple[str, List[Evaluate]]:
    """Return the type that holds the values of all, and what evaluates each as that."""
    kind = common_type([part.kind for part in parts])
    return kind, [_as(part, kind) for part in parts]


def _constant(value: Any, kind: str) -> Expression:
    is_null = value is None

    def evaluate(table: Table, count: int) -> Values:
        return Values(np.full(count, 0 if is_null else value, held(kind)), np.full(count, is_null))

    return Expression(kind, evaluate)


def _named_constant(name: str, parts: List[Expression]) -> Expression:
    return _constant(None, NULL) if name == "NULL" else _constant(name == "TRUE", BOOL)


def _number(text: str, parts: List[Expression]) -> Expression:
    suffix = text[-1].upper()
    if suffix in "DL":
        digits = text[:-1]
        return _constant(float(digits), DOUBLE) if suffix == "D" else _constant(int(digits), LONG)
    if "e" in text.lower():
        return _constant(float(text), DOUBLE)
    if "." in text:
        return _constant(float(text), DECIMAL)
    return _constant(int(text), INT if int(text) < 2**31 else LONG)


def _negative(value: Any, parts: List[Expression]) -> Expression:
    [part] = parts

    def evaluate(table: Table, count: int) -> Values:
        found = part.evaluate(table, count)
        return found._replace(values=wrapped(-found.values, part.kind))

    return Expression(part.kind, evaluate)


def _math(sign: str, parts: List[Expression]) -> Expression:
    kind, (left, right) = _aligned(parts)
    if kind in (STRING, BOOL, NULL):
        raise Unsupported(f"it calculates with {kind}: CAST it to a number")
    if sign == "/":
        kind, (left, right) = DOUBLE, [_as(part, DOUBLE) for part in parts]
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


def _compare(sign: str, parts: List[Expression]) -> Expression:
    kind, (left, right) = _aligned(parts)
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


def _is_null(value: Any, parts: List[Expression]) -> Expression:
    [part] = parts
    return Expression(
        BOOL,
        lambda table, count: Values(part.evaluate(table, count).nulls, np.zeros(count, bool)),
    )


def _not(value: Any, parts: List[Expression]) -> Expression:
    [part] = parts

    def evaluate(table: Table, count: int) -> Values:
        found = part.evaluate(table, count)
        return found._replace(values=~found.values.astype(bool))

    return Expression(BOOL, evaluate)


def _junction(decides: bool) -> Callable[[Any, List[Expression]], Expression]:
    """Return AND, which one false value decides, or OR, which one true value does."""

    def make(value: Any, parts: List[Expression]) -> Expression:
        left, right = [_as(part, BOOL) for part in parts]

        def evaluate(table: Table, count: int) -> Values:
            one, other = left(table, count), right(table, count)
            is_decided = (~one.nulls & (one.values == decides)) | (
                ~other.nulls & (other.values == decides)
            )
            nulls = (one.nulls | other.nulls) & ~is_decided
            return Values(is_decided == decides, nulls)

        return Expression(BOOL, evaluate)

    return make


def _in(value: Any, parts: List[Expression]) -> Expression:
    found, *listed = parts
    node = _compare("=", [found, listed[0]])
    for other in listed[1:]:
        node = _junction(True)(None, [node, _compare("=", [found, other])])
    return node


def _case(value: Any, parts: List[Expression]) -> Expression:
    conditions, results = parts[:-1:2], [*parts[1:-1:2], parts[-1]]
    kind, chosen = _aligned(results)

    def evaluate(table: Table, count: int) -> Values:
        values, nulls = chosen[-1](table, count)
        values, nulls = values.copy(), nulls.copy()
        for condition, result in zip(conditions[::-1], chosen[-2::-1]):
            asked, found = condition.evaluate(table, count), result(table, count)
            holds = asked.values.astype(bool) & ~asked.nulls
            values[holds], nulls[holds] = found.values[holds], found.nulls[holds]
        return Values(values, nulls)

    return Expression(kind, evaluate)


def _coalesce(parts: List[Expression]) -> Expression:
    kind, found = _aligned(parts)

    def evaluate(table: Table, count: int) -> Values:
        values, nulls = found[0](table, count)
        for part in found[1:]:
            other = part(table, count)
            values = np.where(nulls, other.values, values)
            nulls = nulls & other.nulls
        return Values(values, nulls)

    return Expression(kind, evaluate)


def _if(parts: List[Expression]) -> Expression:
    return _case(None, parts)


def _null_if(parts: List[Expression]) -> Expression:
    one, _ = parts
    return _case(None, [_compare("=", parts), _constant(None, NULL), one])


def _extreme(is_better: Callable[[Any, Any], Any]) -> Callable[[List[Expression]], Expression]:
    """Return GREATEST or LEAST, which pass over nulls."""

    def make(parts: List[Expression]) -> Expression:
        kind, found = _aligned(parts)

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
    separator, *texts = [_as(part, STRING) for part in parts]

    def evaluate(table: Table, count: int) -> Values:
        glue, *found = [part(table, count) for part in (separator, *texts)]
        joined = np.empty(count, object)
        for row in range(count):
            known = [part.values[row] for part in found if not part.nulls[row]]
            joined[row] = "" if glue.nulls[row] else glue.values[row].join(known)
        return Values(joined, glue.nulls)

    return Expression(STRING, evaluate)


_CONDITIONAL: Dict[str, Callable[[List[Expression]], Expression]] = {
    "COALESCE": _coalesce,
    "NVL": _coalesce,
    "IFNULL": _coalesce,
    "IF": _if,
    "NULLIF": _null_if,
    "GREATEST": _extreme(np.greater),
    "LEAST": _extreme(np.less),
    "CONCAT_WS": _concat_ws,
    "ISNULL": lambda parts: _is_null(None, parts),
    "ISNOTNULL": lambda parts: _not(None, [_is_null(None, parts)]),
}


def _cast(name: str, parts: List[Expression]) -> Expression:
    [part] = parts
    kind = casting.type_named(name)
    convert = casting.converter(part.kind, kind)
    return Expression(kind, lambda table, count: convert(part.evaluate(table, count)))


_KINDS: Dict[str, Callable[[Any, List[Expression]], Expression]] = {
    "constant": _named_constant,
    "number": _number,
    "text": lambda text, parts: _constant(text, STRING),
    "negative": _negative,
    "math": _math,
    "compare": _compare,
    "isnull": _is_null,
    "not": _not,
    "and": _junction(False),
    "or": _junction(True),
    "in": _in,
    "case": _case,
    "cast": _cast,
}
