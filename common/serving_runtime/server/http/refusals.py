"""What HTTP itself answers, before any operation is asked: a status, words, and headers."""

from typing import Optional, Sequence, Tuple

from serving_runtime.server.metrics.transports import HttpRequests

Headers = Sequence[Tuple[str, str]]
TOO_LARGE = 413


class EarlyReply(Exception):
    """A request that is answered here.

    Args:
        status: HTTP's.
        text: what was wrong, and what was expected; the client sees it. Empty where nothing was.
        headers: that go with it, such as Allow.

    Attributes:
        counts: of what was asked for, where that is known.
    """

    def __init__(self, status: int, text: str = "", headers: Headers = ()) -> None:
        super().__init__(text)
        self.status = status
        self.text = text
        self.headers = headers
        self.counts: Optional[HttpRequests] = None


class Refusal(EarlyReply):
    """A request that is not served."""


def body_too_large(max_bytes: int) -> Refusal:
    """Return the refusal of a body that is too large."""
    return Refusal(
        TOO_LARGE,
        f"the body has more than the {max_bytes} bytes that RUNTIME_MAX_MESSAGE_BYTES allows",
    )
