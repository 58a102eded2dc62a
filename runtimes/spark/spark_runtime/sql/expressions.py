"""Turn the tree of an expression into what evaluates it for many rows at once."""

from typing import Any, Callable, Dict, List, Mapping

import numpy as np

from spark_runtime.columns import Table
from spark_runtime.sql import casting
from spark_runtime.sql.conditional import CONDITIONAL, case
from spark_runtime.sql.expression import Expression, as_type, constant
from spark_runtime.sql.functions import FUNCTIONS, require_literal_patterns
from spark_runtime.sql.operators import (
    arithmetic,
    comparison,
    is_null,
    junction,
    membership,
    named_constant,
    negation,
    negative,
    number,
)
from spark_runtime.sql.syntax import Node
from spark_runtime.sql.values import STRING, Values, of_column
from spark_runtime.unsupported import Unsupported


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
        if node.value in CONDITIONAL:
            return CONDITIONAL[node.value](parts)
        if node.value not in FUNCTIONS:
            raise Unsupported(f"it calls {node.value}, which is not evaluated here")
        require_literal_patterns(node.value, node.parts)
        function = FUNCTIONS[node.value]
        kinds = function.accept(node.value, [part.kind for part in parts])
        apply, kind = function.apply, function.gives(kinds)
        inputs = [as_type(part, wanted) for part, wanted in zip(parts, kinds)]

        def evaluate(table: Table, count: int) -> Values:
            found = [part(table, count) for part in inputs]
            nulls = np.zeros(count, bool)
            for part in found:
                nulls = nulls | part.nulls
            return apply([part.values for part in found], nulls)

        return Expression(kind, evaluate)


def _cast(name: str, parts: List[Expression]) -> Expression:
    [part] = parts
    kind = casting.type_named(name)
    convert = casting.converter(part.kind, kind)
    return Expression(kind, lambda table, count: convert(part.evaluate(table, count)))


_KINDS: Dict[str, Callable[[Any, List[Expression]], Expression]] = {
    "constant": named_constant,
    "number": number,
    "text": lambda text, parts: constant(text, STRING),
    "negative": negative,
    "math": arithmetic,
    "compare": comparison,
    "isnull": is_null,
    "not": negation,
    "and": junction(False),
    "or": junction(True),
    "in": membership,
    "case": case,
    "cast": _cast,
}
