"""Read a JSON text that was parsed into Python's own values."""

from typing import Any, Dict, List

from serving_runtime.protocols.json.lists import flatten
from serving_runtime.protocols.json.reader import Read, Reader, Wanted
from serving_runtime.protocols.json.values import tensor_of


class PlainReader(Reader):
    """Nodes are Python's own values.

    Args:
        root: the text's value.
        is_last: whether it has the last word on what is wrong.
    """

    def __init__(self, root: Any, is_last: bool) -> None:
        self.root = root
        self.is_last = is_last

    def is_object(self, node: Any) -> bool:
        """Return whether a node is an object."""
        return isinstance(node, dict)

    def is_list(self, node: Any) -> bool:
        """Return whether a node is a list."""
        return isinstance(node, list)

    def members(self, node: Any, place: str) -> Dict[str, Any]:
        """Return an object's values by their names."""
        if not isinstance(node, dict):
            self.refuse(node, place, "an object")
        return node

    def elements(self, node: Any, place: str) -> List[Any]:
        """Return a list's values."""
        if not isinstance(node, list):
            self.refuse(node, place, "a list")
        return node

    def plain(self, node: Any) -> Any:
        """Return the node."""
        return node

    def array(self, node: Any, wanted: Wanted) -> Read:
        """Return nested lists as an array."""
        return tensor_of(flatten(node, wanted.place), wanted, may_overflow=self.is_last)
