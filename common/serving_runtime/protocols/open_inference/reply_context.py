"""What a reply must know of its request."""

from typing import NamedTuple


class ReplyContext(NamedTuple):
    """``identity``: the request's id, which comes back.

    ``as_raw``: the values came in raw contents, so the outputs go back that way.
    """

    model_name: str = ""
    model_version: str = ""
    identity: str = ""
    as_raw: bool = False
