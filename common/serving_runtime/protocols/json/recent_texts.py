"""Remember the texts around the values of recent requests: most others differ in the values alone.

What begins, goes on and ends with the bytes of a text that was read, and has a JSON value of its
own wherever that text has one that may change, says the same but for those values. So they alone
are parsed. Where values stand is made certain when a text is remembered: with a secret in the place
of each, it must be read, and have just those secrets where they are expected.
"""

import json
import re
import secrets
from typing import Any, Callable, Generic, List, NamedTuple, Optional, Sequence, Tuple, TypeVar

from serving_runtime.protocols.json import libraries

# So many are remembered, those that were met last.
MAX_TEXTS = 16
_VALUES = json.JSONDecoder()
# Between a member's name and its value.
_COLON = r'"[ \t\r\n]*:[ \t\r\n]*'

Meaning = TypeVar("Meaning")


class _Text(NamedTuple):
    """A text without its values: what stands before, between and after them, and what it means.

    ``order``: which of the values each of those is that were asked for.
    """

    first: bytes
    between: Tuple[bytes, ...]
    last: bytes
    order: Tuple[int, ...]
    meaning: Any


class RecentTexts(Generic[Meaning]):
    """Remembers texts, and finds the values of others that are like one of them.

    Args:
        names: of the members whose values may change, wherever they stand.
        changing: returns the values of these members in a parsed text, in an order of its own; it
            may raise LookupError or TypeError for one that has others.
    """

    def __init__(self, names: Sequence[str], changing: Callable[[Any], List[Any]]) -> None:
        self._changing = changing
        self._members = re.compile(f'"(?:{"|".join(names)}){_COLON}')
        self._texts: List[_Text] = []
        # Since the last text that was known.
        self._unknown = 0

    def find(self, text: bytes) -> Optional[Tuple[Meaning, List[Any]]]:
        """Return what a text that is like a known one means, and its values; None for others."""
        for place, known in enumerate(self._texts):
            if text.startswith(known.first) and text.endswith(known.last):
                values = _values(text, known)
                if values is not None:
                    if place:
                        self._texts.insert(0, self._texts.pop(place))
                    self._unknown = 0
                    return known.meaning, values
        return None

    def remember(self, text: bytes, meaning: Meaning) -> None:
        """Remember a text that was read, if it is certain where its values stand.

        Where nothing ever comes again, only one of many is tried.
        """
        self._unknown += 1
        is_tried = self._unknown <= MAX_TEXTS or not self._unknown % MAX_TEXTS
        if libraries.orjson is None or not is_tried:
            return
        parts = self._parts(text)
        order = self._order(parts) if parts else None
        if order is not None:
            known = _Text(parts[0], tuple(parts[1:-1]), parts[-1], order, meaning)
            self._texts = [known, *self._texts[: MAX_TEXTS - 1]]

    def _parts(self, text: bytes) -> List[bytes]:
        """Return what stands around the values of all members of the names; nothing if unclear."""
        letters = text.decode("latin-1")  # one for each byte
        parts: List[bytes] = []
        at = 0
        found = self._members.search(letters)
        while found is not None:
            try:
                _, end = _VALUES.raw_decode(letters, found.end())
            except ValueError:
                return []
            parts.append(text[at : found.end()])
            at = end
            found = self._members.search(letters, at)
        return [*parts, text[at:]] if parts else []

    def _order(self, parts: Sequence[bytes]) -> Optional[Tuple[int, ...]]:
        """Return which place each value has; None unless all those are just what may change."""
        placed = [secrets.token_hex(8) for _ in parts[1:]]
        text = parts[0]
        for secret, part in zip(placed, parts[1:]):
            text += b'"%b"%b' % (secret.encode(), part)
        try:
            order = tuple(map(placed.index, self._changing(libraries.orjson.loads(text))))
        except (ValueError, LookupError, TypeError):
            return None
        return order if sorted(order) == list(range(len(placed))) else None


def _values(text: bytes, known: _Text) -> Optional[List[Any]]:
    """Return the values that stand in a text where a known one has its own; None if it has none."""
    first, between, last, order, _ = known
    at, end = len(first), len(text) - len(last)
    values: List[Any] = []
    try:
        for part in between:
            found = text.find(part, at, end)
            if found < 0:
                return None
            values.append(libraries.orjson.loads(text[at:found]))
            at = found + len(part)
        values.append(libraries.orjson.loads(text[at:end]))
    except ValueError:
        return None
    return [values[place] for place in order] if between else values
