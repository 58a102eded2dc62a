"""What every protocol's requests come down to."""

from typing import Dict, Mapping, NamedTuple, Tuple

from serving_runtime.protocols.tensorflow_serving.model_spec import ModelSpec
from serving_runtime.signature import Value


class Request(NamedTuple):
    """A decoded request: nothing in it has met the contract yet.

    ``model_spec``: what it is for; the signature's name may be empty. ``as_content``: the numeric
    inputs came as raw bytes, so the outputs go back that way. ``output_filter``: the outputs that
    are wanted, empty for all. ``unreadable``: why an input's tensor cannot be read, by the input's
    name.
    """

    model_spec: ModelSpec
    tensors: Dict[str, Value]
    as_content: bool = False
    output_filter: Tuple[str, ...] = ()
    unreadable: Mapping[str, str] = {}

    def select(self, outputs: Mapping[str, Value]) -> Mapping[str, Value]:
        """Keep the outputs that the request asks for; the signature has each of them."""
        if not self.output_filter:
            return outputs
        return {name: outputs[name] for name in self.output_filter}
