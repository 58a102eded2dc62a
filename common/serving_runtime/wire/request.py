"""What every protocol's requests come down to."""

from typing import Dict, Mapping, NamedTuple, Tuple

from serving_runtime.checks.problems import quoted, shortened
from serving_runtime.errors import InvalidInput, nearest
from serving_runtime.signature import Value


class Request(NamedTuple):
    """A decoded request: nothing in it has met the contract yet.

    ``signature_name`` may be empty. ``as_content``: the numeric inputs came as raw bytes, so the
    outputs go back that way. ``output_filter``: the outputs that are wanted, empty for all.
    ``unreadable``: why an input's tensor cannot be read, by the input's name.
    """

    signature_name: str
    tensors: Dict[str, Value]
    as_content: bool = False
    output_filter: Tuple[str, ...] = ()
    unreadable: Mapping[str, str] = {}

    def select(self, outputs: Mapping[str, Value]) -> Mapping[str, Value]:
        """Keep the outputs that the request asks for.

        Raises:
            InvalidInput: it asks for one that the signature does not have.
        """
        if not self.output_filter:
            return outputs
        names = tuple(outputs)
        for name in self.output_filter:
            if name not in outputs:
                raise InvalidInput(
                    f"output_filter names {quoted(name)}, but the outputs are: {', '.join(names)}"
                    + nearest(shortened(name), names)
                )
        return {name: outputs[name] for name in self.output_filter}
