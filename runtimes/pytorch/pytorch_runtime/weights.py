"""Put weights into the user's network, as PyTorch's own loaders do."""

from typing import Any, List, Mapping, Optional, Tuple

import torch

from serving_runtime.errors import LoadError, one_line
from serving_runtime.framework.artefacts import Artefact

# Where checkpoints keep the weights beside an optimiser's state and the like.
_CHECKPOINT_KEYS = ("state_dict", "model_state_dict", "model")
# What wrappers put before the names of what they wrap.
_WRAPPERS = {"module.": "DataParallel", "_orig_mod.": "torch.compile"}

Weights = Mapping[str, Any]


def put(artefact: Artefact, content: Any, network: torch.nn.Module) -> None:
    """Load a file's weights into a network.

    Args:
        artefact: the file.
        content: what is in it: a state dict, or a checkpoint with one.
        network: the user's.

    Raises:
        LoadError: they are no weights, or of another network.
    """
    weights = _state_dict(artefact, content, network.state_dict())
    try:
        network.load_state_dict(weights)
    except RuntimeError as error:
        raise LoadError(
            f"the weights in {artefact.path} do not fit the network of src/model.py: "
            f"{one_line(' '.join(str(error).split()), 600)}",
            _fix(weights, network),
        ) from None


def with_tied(weights: Weights, network: torch.nn.Module) -> Weights:
    """Add the names of tensors that a network has twice, of which safetensors saves one.

    See: https://huggingface.co/docs/safetensors/torch_shared_tensors
    """
    places = {name: _place(value) for name, value in network.state_dict().items()}
    saved = {places[name]: name for name in weights if places.get(name)}
    tied = {name: saved[place] for name, place in places.items() if place in saved}
    return {**{name: weights[it] for name, it in tied.items()}, **weights}


def _place(value: Any) -> Optional[Tuple[Any, ...]]:
    """Return where a tensor's values are; None where there are none yet."""
    if not torch.is_tensor(value) or torch.nn.parameter.is_lazy(value) or not value.data_ptr():
        return None
    return (value.data_ptr(), value.dtype, value.shape, value.stride())


def _state_dict(artefact: Artefact, content: Any, own: Weights) -> Weights:
    """Return the weights by name, out of a checkpoint if need be.

    Modules may have more than tensors in theirs: packed weights, or a state of their own making.
    """
    candidates = [it for it in (content, *_parts(content)) if isinstance(it, Mapping)]
    for candidate in candidates:
        if all(map(torch.is_tensor, candidate.values())):
            return candidate
    for candidate in candidates:
        if own.keys() & candidate.keys():
            return candidate
    raise LoadError(
        f"{artefact.path} holds {_described(content)}; expected a state dict: tensors by name, "
        f"also as {', '.join(_CHECKPOINT_KEYS)} of a checkpoint",
        "save model.state_dict()",
    )


def _parts(content: Any) -> List[Any]:
    return [
        content[key] for key in _CHECKPOINT_KEYS if isinstance(content, Mapping) and key in content
    ]


def _described(content: Any) -> str:
    if isinstance(content, Mapping):
        return f"a dict of {', '.join(map(str, list(content)[:6]))}"
    return f"a {type(content).__name__}"


def _fix(weights: Weights, network: torch.nn.Module) -> str:
    for prefix, wrapper in _WRAPPERS.items():
        if weights and all(str(name).startswith(prefix) for name in weights):
            attribute = prefix.rstrip(".")
            return f"they are those of {wrapper}: save model.{attribute}.state_dict() instead"
    return "build the network as it was when its state_dict() was saved"
