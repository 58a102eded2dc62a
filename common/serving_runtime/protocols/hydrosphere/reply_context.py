"""What a reply must know of its request."""

from typing import NamedTuple


class ReplyContext(NamedTuple):
    """``as_content``: the numeric inputs came as raw bytes, so the outputs go back that way."""

    as_content: bool = False
