"""Evaluate a statement of SQL that is of plain expressions only."""

from typing import Dict, List, Tuple

from spark_runtime.columns import ANY_TEXT, NOT_KNOWN, NUMBER, UNKNOWN, Column, Schema, Table
from spark_runtime.sql.expression import Expression
from spark_runtime.sql.expressions import compile_node
from spark_runtime.sql.syntax import Item, Node, parse
from spark_runtime.sql.values import DECIMAL, DOUBLE, NULL, STRING, as_column, type_of
from spark_runtime.stages.stage import Stage, evaluates


@evaluates("feature.SQLTransformer")
class SqlTransformer(Stage):
    """Columns that are calculated of others, row by row."""

    def prepare(self) -> None:
        """Read the statement."""
        self._items: List[Item] = parse(self.param("statement"))
        self._named = [(item, item.node) for item in self._items if item.node is not None]
        self._names = _columns_of([node for _, node in self._named])
        self._keeps_all = len(self._named) < len(self._items)

    @property
    def reads(self) -> Tuple[str, ...]:
        """The names of the columns that its expressions have."""
        return self._names

    def plan(self, schema: Schema) -> None:
        """Note the columns, which may be numbers or texts; what is only selected, anything."""
        self._made: Dict[str, Expression] = {}
        spelled = {name: _spelled(name, schema) for name in self._names}
        found = {name: schema.need(name, NOT_KNOWN) for name in spelled.values()}
        self._selected = {
            item.name: spelled[node.value] for item, node in self._named if node.kind == "column"
        }
        added = {name: found[source] for name, source in self._selected.items()}
        for item, node in self._named:
            if node.kind != "column":
                added[item.name] = self._plan(item.name, node, found)
        if not self._keeps_all:
            for name in list(schema.added):
                schema.drop(name)
        for name, column in added.items():
            if name not in schema.inputs:
                schema.add(name, column)

    def _plan(self, name: str, node: Node, found: Dict[str, Column]) -> Column:
        used = {it.lower() for it in _columns_of([node])}
        columns = {it: column for it, column in found.items() if it.lower() in used}
        if any(column.kind == UNKNOWN for column in columns.values()):
            return NOT_KNOWN  # they are asked for by name
        types = {it: type_of(column) for it, column in columns.items()}
        self._made[name] = made = compile_node(node, types)
        return _column(made.kind)

    def transform(self, table: Table) -> None:
        """Add what is calculated."""
        count = len(next(iter(table.values())))
        made = {name: table[source] for name, source in self._selected.items()}
        for name, expression in self._made.items():
            made[name] = as_column(expression.evaluate(table, count), expression.kind)
        table.update(made)


def _column(kind: str) -> Column:
    if kind == STRING:
        return ANY_TEXT
    return Column(NUMBER, DOUBLE if kind in (DECIMAL, NULL) else kind)


def _columns_of(nodes: List[Node]) -> Tuple[str, ...]:
    names: Dict[str, None] = {}
    waiting = list(nodes)
    while waiting:
        node = waiting.pop(0)
        if node.kind == "column":
            names[node.value] = None
        waiting += node.parts
    return tuple(names)


def _spelled(name: str, schema: Schema) -> str:
    """Return a column's name as it is spelled where it comes from: SQL's names have no case."""
    known = [*schema.added, *schema.inputs, *(schema.given or {})]
    return next((it for it in known if it.lower() == name.lower()), name)
