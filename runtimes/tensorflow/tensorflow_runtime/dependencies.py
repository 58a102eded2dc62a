"""Follow a graph's edges, to know before the first call which nodes a call would run."""

import re
from typing import Any, Collection, Dict, Iterable, Iterator, List, Set

PLACEHOLDERS = ("Placeholder", "PlaceholderV2")
# Their results may be known without the tensor that they are asked about.
_OF_SHAPES = ("Shape", "ShapeN", "Size", "Rank")


class Dependencies:
    """The nodes of a graph, and what they need.

    Args:
        graph_def: the GraphDef.
    """

    def __init__(self, graph_def: Any) -> None:
        self._nodes: Dict[str, Any] = {str(node.name): node for node in graph_def.node}

    def needed(
        self, fetches: Iterable[str], feeds: Iterable[str], stop_at: Collection[str] = ()
    ) -> Iterator[Any]:
        """Yield the nodes that some tensors need.

        Args:
            fetches: names of tensors, such as ``y:0``.
            feeds: names of the tensors that are fed, so that nothing before them runs.
            stop_at: operations whose own inputs are not looked at.
        """
        fed = {_tensor(name) for name in feeds}
        fed |= {"^" + _node(name) for name in fed}
        waiting = [_tensor(name) for name in fetches]
        seen: Set[str] = set()
        while waiting:
            tensor = waiting.pop()
            name = _node(tensor)
            if tensor in fed or name in seen or name not in self._nodes:
                continue
            seen.add(name)
            node = self._nodes[name]
            yield node
            if node.op not in stop_at:
                waiting += map(_tensor, node.input)

    def missing(self, fetches: Iterable[str], feeds: Iterable[str]) -> List[str]:
        """Name the placeholders that some tensors cannot do without, and that are not fed.

        One inside of a condition, which is known by its input, may never be asked.
        """
        needed = self.needed(fetches, feeds, _OF_SHAPES)
        return sorted(str(it.name) for it in needed if it.op in PLACEHOLDERS and not it.input)


def _tensor(name: str) -> str:
    """Write an edge as the tensor that it brings: ``x`` is ``x:0``; ``^x`` only waits for ``x``."""
    return name if name.startswith("^") or re.search(r":\d+$", name) else name + ":0"


def _node(tensor: str) -> str:
    return tensor[1:] if tensor.startswith("^") else tensor.partition(":")[0]
