"""Read a file's schema: a tree, whose leaves are the columns."""

from typing import Any, Iterator, List, Tuple

from spark_runtime.parquet.thrift import Struct

_OPTIONAL, _REPEATED = 1, 2
_UTF8, _MAPS, _LIST = 0, (1, 2), 3  # converted types
_STRING, _MAP_TYPE, _LIST_TYPE = 1, 2, 3  # fields of a logical type


class Node:
    """A field of the schema.

    Args:
        described: its SchemaElement.
        definition: the level of its parent.
        repetition: the level of its parent.
    """

    def __init__(self, described: Struct, definition: int, repetition: int) -> None:
        kind = described.get(3, 0)
        converted, logical = described.get(6), described.get(10) or {}
        self.name: str = described[4].decode("utf-8")
        self.is_optional = kind == _OPTIONAL
        self.is_repeated = kind == _REPEATED
        self.definition = definition + (kind in (_OPTIONAL, _REPEATED))
        self.repetition = repetition + self.is_repeated
        self.is_text = converted == _UTF8 or _STRING in logical
        self.is_list = converted == _LIST or _LIST_TYPE in logical
        self.is_map = converted in _MAPS or _MAP_TYPE in logical
        self.children: List[Node] = []

    @property
    def first(self) -> "Node":
        """The first column below, or itself."""
        return self.children[0].first if self.children else self

    def leaves(self, path: Tuple[str, ...] = ()) -> Iterator[Tuple[Tuple[str, ...], "Node"]]:
        """Yield the columns below, each with its path."""
        if not self.children:
            yield path, self
        for child in self.children:
            yield from child.leaves((*path, child.name))


def read_schema(elements: List[Any]) -> Node:
    """Return the root of the tree, which a file has as a list: each before its children."""
    rest = iter(elements)

    def build(definition: int, repetition: int) -> Node:
        described = next(rest)
        node = Node(described, definition, repetition)
        for _ in range(described.get(5, 0)):
            node.children.append(build(node.definition, node.repetition))
        return node

    return build(0, 0)
