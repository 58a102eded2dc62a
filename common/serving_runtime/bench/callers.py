"""What a level needs of the transport that is measured: callers, each of whom makes a call."""

import abc
from typing import Awaitable, Callable, List

# Makes one call, and returns what went wrong in one word; empty for nothing.
Call = Callable[[], Awaitable[str]]

EMPTY = "EMPTY"
"""An answer of no bytes, which no model returns."""


class Callers(abc.ABC):
    """Connections to one service, for as long as a level takes."""

    @abc.abstractmethod
    def open(self, count: int) -> List[Call]:
        """Return what so many callers call, one each."""

    @abc.abstractmethod
    async def close(self) -> None:
        """Close all connections."""
