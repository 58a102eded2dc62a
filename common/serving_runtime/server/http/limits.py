"""What bounds one connection: bytes, header lines and seconds, from the settings and by habit."""

from typing import NamedTuple

from serving_runtime.settings import Settings

# As much as most servers take: nginx' four buffers of 8 KiB, Node.js' 16 KiB, Go's 1 MiB.
MAX_HEAD_BYTES = 32 << 10
MAX_HEADER_LINES = 128
# Clients whose request stalls hold a descriptor, and what they have sent of it.
HEAD_SECONDS = 10.0
GAP_SECONDS = 30.0
# How long a refused client may go on sending, so that it comes to read why.
LINGER_SECONDS = 2.0


class Limits(NamedTuple):
    """What bounds one connection.

    ``max_body_bytes`` also bounds what a compressed body is unpacked to. ``head_seconds`` is for a
    whole head, ``body_seconds`` for a whole body, ``gap_seconds`` for the time between two reads of
    a body or two writes of a reply, ``idle_seconds`` for the time between two requests.
    """

    max_body_bytes: int
    idle_seconds: float
    body_seconds: float
    max_head_bytes: int = MAX_HEAD_BYTES
    max_header_lines: int = MAX_HEADER_LINES
    head_seconds: float = HEAD_SECONDS
    gap_seconds: float = GAP_SECONDS
    linger_seconds: float = LINGER_SECONDS

    @classmethod
    def of(cls, settings: Settings) -> "Limits":
        """Return what the settings ask for."""
        return cls(
            settings.max_message_bytes,
            settings.http_idle_seconds,
            settings.request_timeout_seconds,
        )
