"""Bound how many messages arrive at a time, where there is little memory for them.

Core keeps what has arrived of each message, and reads on for as long as it is asked for one: so it
is not asked. What a client sends stays with it then, by HTTP/2's flow control. A small message is
there at once; where large ones come slowly, nobody needs to wait for them (`pass_on`).
"""

import collections
from typing import Callable, Deque, Set, Tuple


class Arrivals:
    """Whose messages are asked for, and who waits for that; all of it while holding the front lock.

    Args:
        max_calls: of how many calls the messages arrive at a time.
    """

    def __init__(self, max_calls: int) -> None:
        self._max_calls = max_calls
        self._arriving: Set[object] = set()
        self._held: Deque[Tuple[object, Callable[[], None]]] = collections.deque()

    def begin(self, call: object, ask: Callable[[], None]) -> None:
        """Call ``ask``, which asks for the message of a call, once it is its turn."""
        self._held.append((call, ask))
        self._ask_next()

    def end(self, call: object) -> None:
        """Note that a call's message is there, or will not come."""
        self._arriving.discard(call)
        self._ask_next()

    def pass_on(self) -> None:
        """Ask for the messages of all that wait, however long those before them take."""
        while self._held:
            self._arriving.clear()
            self._ask_next()

    def _ask_next(self) -> None:
        while self._held and len(self._arriving) < self._max_calls:
            call, ask = self._held.popleft()
            self._arriving.add(call)
            ask()
