"""Remember where everything was in the last requests: the next ones are most often laid out alike.

The bytes of requests that a client sends one after another differ in the values alone. So what was
found in one of them holds for each that is as long and has the same bytes outside of the values.
"""

from typing import Callable, Dict, Generic, Iterable, List, Optional, Tuple, TypeVar

from serving_runtime.protocols.protobuf.scanning import Span, Unusual

ALIGNMENT = 64  # bytes; what is aligned to less is copied by frameworks

Fixed = Tuple[Tuple[int, int, bytes], ...]


class Laid:
    """What is remembered of a request; each protocol's layout adds what it has found.

    Args:
        fixed: the bytes outside of the values, with where they are.
        largest: where the largest value is, or None if there is none.
        may_repeat: whether all of it holds for each request with the same fixed bytes.
    """

    __slots__ = ("fixed", "largest", "may_repeat")

    def __init__(self, fixed: Fixed, largest: Optional[Span], may_repeat: bool) -> None:
        self.fixed = fixed
        self.largest = largest
        self.may_repeat = may_repeat

    def is_of(self, view: memoryview) -> bool:
        """Whether a request of the same length is laid out so."""
        for start, stop, expected in self.fixed:  # noqa: SIM110  a generator costs more than it all
            if view[start:stop] != expected:
                return False
        return True


L = TypeVar("L", bound=Laid)


class RecentLayouts(Generic[L]):
    """Remembers layouts within ``max_bytes``; all are forgotten when one more does not fit.

    Args:
        find: reads a request's layout, or raises ``Unusual``.
        max_bytes: of fixed bytes, and a little for each layout.
    """

    _EACH_LENGTH = 4
    _BESIDE_FIXED_BYTES = 256

    def __init__(self, find: Callable[[memoryview], L], max_bytes: int = 1 << 18) -> None:
        self._find = find
        self._by_length: Dict[int, List[L]] = {}
        self._max_bytes = max_bytes
        self._bytes = 0

    def of(self, view: memoryview) -> Optional[L]:
        """Return a request's layout, or None if only protobuf can read it."""
        for layout in self._by_length.get(len(view), ()):
            if layout.is_of(view):
                return layout
        try:
            layout = self._find(view)
        except Unusual:
            return None
        if layout.may_repeat:
            self._remember(len(view), layout)
        return layout

    def alignment_offset(self, length: int) -> int:
        """Return how far after an aligned address a request of that length should begin.

        Then the largest value of the last such request would have been aligned.
        """
        for layout in self._by_length.get(length, ()):
            if layout.largest:
                return -layout.largest[0] % ALIGNMENT
        return 0

    def _remember(self, length: int, layout: L) -> None:
        size = self._BESIDE_FIXED_BYTES + sum(len(part) for _, _, part in layout.fixed)
        if self._bytes + size > self._max_bytes:
            self._by_length, self._bytes = {}, 0
        if size <= self._max_bytes:
            self._bytes += size
            others = self._by_length.get(length, [])
            self._by_length[length] = [layout, *others[: self._EACH_LENGTH - 1]]


def fixed_around(view: memoryview, holes: Iterable[Span]) -> Fixed:
    """Return the bytes outside of ``holes``, which are in the order of the bytes."""
    parts: List[Tuple[int, int, bytes]] = []
    at = 0
    for start, stop in [*holes, (len(view), len(view))]:
        if start > at:
            parts.append((at, start, bytes(view[at:start])))
        at = stop
    return tuple(parts)
