"""What HTTP itself answers, before any operation is asked: a status, words, and headers."""

from typing import Sequence, Tuple

Headers = Sequence[Tuple[str, str]]


class EarlyReply(Exception):
    """A request that is answered here.

    Args:
        status: HTTP's.
        text: what was wrong, and what was expected; the client sees it. Empty where nothing was.
        headers: that go with it, such as Allow.
    """

    def __init__(self, status: int, text: str = "", headers: Headers = ()) -> None:
        super().__init__(text)
        self.status = status
        self.text = text
        self.headers = headers


class Refusal(EarlyReply):
    """A request that is not served."""


def body_too_large(max_bytes: int) -> Refusal:
    """Return the refusal of a body that is too large."""
    return Refusal(
        413, f"the body has more than the {max_bytes} bytes that RUNTIME_MAX_MESSAGE_BYTES allows"
    )
