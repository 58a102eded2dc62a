"""What the requests of every protocol come down to."""

from typing import Any, Dict, Mapping, NamedTuple, Optional, Tuple

from serving_runtime.signature import Value


class SequenceStep(NamedTuple):
    """Which sequence of calls a request is of, and whether that begins or ends with it."""

    name: str
    starts: bool = False
    ends: bool = False


class Request(NamedTuple):
    """A decoded request: nothing in it has met the contract yet.

    ``signature_name``: empty for the default one. ``output_names``: the outputs that are wanted, in
    their order; empty for all. ``unreadable``: why an input's tensor cannot be read, by the input's
    name. ``reply_context``: what the protocol needs for the reply; nothing else reads it.
    ``sequence``: None where the request is of no sequence. ``timeout_seconds``: how long after its
    arrival the request may still be run; 0 for as long as its caller waits.
    """

    signature_name: str
    tensors: Dict[str, Value]
    output_names: Tuple[str, ...] = ()
    unreadable: Mapping[str, str] = {}
    reply_context: Any = None
    sequence: Optional[SequenceStep] = None
    timeout_seconds: float = 0.0
