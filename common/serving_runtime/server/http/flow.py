"""Hold back what comes over one connection, and see whether what is sent is taken."""

from typing import Any


class Flow:
    """The flow of bytes of one connection, both ways.

    Args:
        socket_transport: asyncio's.

    Attributes:
        is_paused: whether nothing is read.
        is_held: whether others' bodies are read first.
        is_blocked: whether the client does not take what is sent.
        unsent: how many bytes the client had not taken at the last look.
    """

    __slots__ = ("_socket", "is_blocked", "is_held", "is_paused", "unsent")

    def __init__(self, socket_transport: Any) -> None:
        self._socket = socket_transport
        self.unsent = 0
        self.is_paused = self.is_held = self.is_blocked = False

    @property
    def may_read(self) -> bool:
        """Whether a next request may be read."""
        return not self.is_blocked and not self.is_held

    def pause(self) -> None:
        """Read no more."""
        if not self.is_paused:
            self.is_paused = True
            self._socket.pause_reading()

    def resume(self) -> None:
        """Read on."""
        if self.is_paused:
            self.is_paused = False
            self._socket.resume_reading()

    def block(self) -> None:
        """Note that the client does not take what is sent."""
        self.is_blocked = True
        self.unsent = self._socket.get_write_buffer_size()

    def has_moved(self) -> bool:
        """Return whether the client has taken something since the last look, and not all."""
        before, self.unsent = self.unsent, self._socket.get_write_buffer_size()
        return 0 < self.unsent < before
