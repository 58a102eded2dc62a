"""Find out whether a network computes gradients, which needs another mode than inference."""

import re
from typing import Any, Iterator, Mapping

import torch

# From the fastest to the one that a network has wherever nothing is said.
MODES = (torch.inference_mode, torch.no_grad, torch.enable_grad)
# Python code may compute gradients in ways that are silently 0 in inference mode, such as
# torch.autograd.functional.jacobian.
MODES_OF_CODE = MODES[1:]
_LACKS_GRADIENTS = re.compile(
    r"requires?[ _]grad|grad_fn|grad mode|inference[ _](tensor|mode)|backward|differentiated",
    re.IGNORECASE,
)


def is_lacking(error: RuntimeError) -> bool:
    """Whether a network may have failed because gradients were off."""
    return bool(_LACKS_GRADIENTS.search(str(error)))


def is_unchanged(tensors: Mapping[str, Any]) -> bool:
    """Whether inputs, which were made outside of inference mode, are as they came."""
    return all(tensor._version == 0 for tensor in _flat(tensors))


def _flat(tensors: Mapping[str, Any]) -> Iterator[torch.Tensor]:
    for value in tensors.values():
        if isinstance(value, Mapping):
            yield from _flat(value)
        else:
            yield value
