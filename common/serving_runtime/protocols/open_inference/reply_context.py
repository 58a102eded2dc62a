"""What a reply must know of its request."""

from typing import NamedTuple


class ReplyContext(NamedTuple):
    """``identity``: the request's field with its id, tag included; it comes back as it is.

    ``as_raw``: the values came in raw contents, so the outputs go back that way.
    """

    model_name: str = ""
    model_version: str = ""
    identity: bytes = b""
    as_raw: bool = False
