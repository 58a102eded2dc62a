"""Find the shape of nested lists, and what is wrong where they have none."""

from itertools import chain
from typing import Any, List, NamedTuple, Tuple

from serving_runtime.errors import InvalidInput
from serving_runtime.ipc.tuples import make_tuple
from serving_runtime.protocols.json.wording import index_text, shown
from serving_runtime.protocols.shapes import MAX_RANK


class Flat(NamedTuple):
    """The innermost values of nested lists in C order, none of which is a list, and their shape."""

    values: List[Any]
    shape: Tuple[int, ...]
    kinds: "frozenset[type]"


def flatten(node: Any, place: str) -> Flat:
    """Return the values of nested lists; of anything else, that as an array without axes.

    Args:
        node: of Python's own values.
        place: where it stands.

    Raises:
        InvalidInput: the lists are not rectangular, or nested deeper than an array has axes.
    """
    if type(node) is not list:
        return Flat([node], (), frozenset((type(node),)))
    level: List[Any] = node
    shape = [len(level)]
    kinds = frozenset(map(type, level))
    while list in kinds:
        sizes = set(map(len, level)) if len(kinds) == 1 else set()
        if len(sizes) != 1:
            raise InvalidInput(_ragged(level, shape, place))
        shape.append(sizes.pop())
        if len(shape) > MAX_RANK:
            raise InvalidInput(f"{place} is nested deeper than {MAX_RANK} lists")
        level = list(chain.from_iterable(level))
        kinds = frozenset(map(type, level))
    return make_tuple(Flat, (level, tuple(shape), kinds))


def _ragged(level: List[Any], shape: List[int], place: str) -> str:
    """Return what the first element is that differs from those before it, and how."""
    first = level[0]
    number = next(it for it, item in enumerate(level) if _form(item) != _form(first))
    here, before = (f"{place}{index_text(shape, it)}" for it in (number, 0))
    if type(level[number]) is type(first) is list:
        return f"{here} has {len(level[number])} elements, but {before} has {len(first)}"
    return f"{here} is {shown(level[number])}, but {before} is {shown(first)}"


def _form(item: Any) -> int:
    return len(item) if type(item) is list else -1
