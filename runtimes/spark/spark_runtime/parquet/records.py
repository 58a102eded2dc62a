"""Put the columns of a row group together to records, as Dremel's paper describes it.

See: https://github.com/apache/parquet-format#nested-encoding
"""

from typing import Any, Dict, Iterator, List, Mapping

from spark_runtime.parquet.pages import Values
from spark_runtime.parquet.schema import Node


class _Stream:
    """A column, and how much of it has been read."""

    def __init__(self, column: Values) -> None:
        self.repetitions, self.definitions, values = column
        self.values = iter(values)
        self.at = 0

    @property
    def definition(self) -> int:
        """The level of the next entry."""
        return self.definitions[self.at]

    def repeats(self, level: int) -> bool:
        """Whether the next entry goes on with a list at this level."""
        return self.at < len(self.repetitions) and self.repetitions[self.at] >= level

    def take(self) -> Any:
        """Read the next entry, which has a value."""
        self.at += 1
        return next(self.values)


def assemble(root: Node, columns: Mapping[Node, Values], count: int) -> Iterator[Dict[str, Any]]:
    """Yield records: dicts for structs and maps, lists for lists, None for what is missing.

    Args:
        root: of the schema.
        columns: of a row group, by their leaves.
        count: how many records there are.
    """
    reader = _Reader({leaf: _Stream(column) for leaf, column in columns.items()})
    for _ in range(count):
        yield reader.fields(root)


class _Reader:
    def __init__(self, streams: Mapping[Node, _Stream]) -> None:
        self._streams = streams

    def fields(self, node: Node) -> Dict[str, Any]:
        return {child.name: self._field(child) for child in node.children}

    def _field(self, node: Node) -> Any:
        is_defined = self._streams[node.first].definition >= node.definition
        if not is_defined:
            self._skip(node)
            return [] if node.is_repeated else None
        return self._repeated(node) if node.is_repeated else self._body(node)

    def _repeated(self, node: Node) -> List[Any]:
        stream = self._streams[node.first]
        items = [self._body(node)]
        while stream.repeats(node.repetition):
            items.append(self._body(node))
        return items

    def _body(self, node: Node) -> Any:
        if not node.children:
            return self._streams[node].take()
        if node.is_list:
            return [_only(item) for item in self._field(node.children[0])]
        if node.is_map:
            return dict(tuple(item.values()) for item in self._field(node.children[0]))
        return self.fields(node)

    def _skip(self, node: Node) -> None:
        """Pass over a missing value, of which each column below has one entry."""
        for _, leaf in node.leaves():
            self._streams[leaf].at += 1


def _only(item: Any) -> Any:
    """Return an element out of the group around it; legacy writers have none."""
    if isinstance(item, dict) and len(item) == 1:
        return next(iter(item.values()))
    return item
