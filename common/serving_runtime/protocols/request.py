"""What the requests of every protocol come down to."""

from typing import Any, Dict, Mapping, NamedTuple, Tuple

from serving_runtime.signature import Value


class Request(NamedTuple):
    """A decoded request: nothing in it has met the contract yet.

    ``signature_name``: empty for the default one. ``output_names``: the outputs that are wanted, in
    their order; empty for all. ``unreadable``: why an input's tensor cannot be read, by the input's
    name. ``reply_context``: what the protocol needs for the reply; nothing else reads it.
    """

    signature_name: str
    tensors: Dict[str, Value]
    output_names: Tuple[str, ...] = ()
    unreadable: Mapping[str, str] = {}
    reply_context: Any = None
