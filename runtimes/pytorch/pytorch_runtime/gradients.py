"""Find out whether a network computes gradients, which needs another mode than inference."""

import re
from typing import Any, Iterator, Mapping, Tuple

import torch

# The modes of PyTorch in which a function may work, the fastest first.
Modes = Tuple[Any, ...]
# Of what says itself whether it computes gradients.
WITHOUT: Modes = (torch.inference_mode,)
WITH: Modes = (torch.enable_grad,)
# Of Python code. Some ways to compute gradients are silently 0 in inference mode, such as
# torch.autograd.functional.jacobian; others need them on for the whole call.
UNKNOWN: Modes = (torch.no_grad, torch.enable_grad)
_LACKS_GRADIENTS = re.compile(
    r"requires?[ _]grad|grad_fn|grad mode|inference[ _](tensor|mode)|backward|differentiated",
    re.IGNORECASE,
)


def is_lacking(error: RuntimeError) -> bool:
    """Whether a network may have failed because gradients were off."""
    return bool(_LACKS_GRADIENTS.search(str(error)))


def is_unchanged(tensors: Mapping[str, Any]) -> bool:
    """Whether inputs, which were not made in inference mode, are as they came."""
    return all(tensor._version == 0 for tensor in _flat(tensors))


def _flat(tensors: Mapping[str, Any]) -> Iterator[torch.Tensor]:
    for value in tensors.values():
        if isinstance(value, Mapping):
            yield from _flat(value)
        else:
            yield value
