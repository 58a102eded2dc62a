"""Open networks that are Python code: weights with the user's module, and pickled modules."""

import inspect
from typing import Any, Dict, Mapping

import torch

from pytorch_runtime import reading
from pytorch_runtime.kinds import SAFETENSORS, damaged
from pytorch_runtime.network import FORWARD, Function, Network, parameters_of
from pytorch_runtime.user_network import UserNetwork
from serving_runtime.errors import LoadError, one_line
from serving_runtime.framework.artefacts import Artefact, admit_pickle

# Where checkpoints keep the weights beside an optimiser's state and the like.
_CHECKPOINT_KEYS = ("state_dict", "model_state_dict", "model")


def open_network(
    artefact: Artefact, kind: str, device: torch.device, allow_pickle: bool, code: UserNetwork
) -> Network:
    """Return the network of weights, or the pickled network where pickles are allowed.

    Raises:
        LoadError: the file is damaged, needs a pickle, or does not fit the user's network.
    """
    try:
        content = _safetensors(artefact) if kind == SAFETENSORS else reading.read_weights(artefact)
        return _network(_weighted(artefact, content, code), f"{kind} for src/model.py", device)
    except reading.NeedsPickle:
        admit_pickle(artefact, allow_pickle, reading.INSTEAD)
    content = reading.read_anything(artefact)
    if isinstance(content, torch.nn.Module):
        return _network(content, f"a pickled {type(content).__name__}", device)
    return _network(_weighted(artefact, content, code), "a pickled state dict", device)


def _network(module: torch.nn.Module, description: str, device: torch.device) -> Network:
    module.to(device).eval()
    functions = {FORWARD: Function(module, parameters_of(module.forward)), **_methods(module)}
    return Network(description, functions)


def _methods(module: torch.nn.Module) -> Dict[str, Function]:
    """Return what the user's own classes define, and not what every module has."""
    own = [cls for cls in type(module).__mro__ if cls not in torch.nn.Module.__mro__]
    named = [pair for cls in reversed(own) for pair in vars(cls).items()]
    names = [name for name, value in named if inspect.isfunction(value) and name[0] != "_"]
    methods = {name: getattr(module, name) for name in names if name != FORWARD}
    return {name: Function(it, parameters_of(it)) for name, it in methods.items()}


def _weighted(artefact: Artefact, content: Any, code: UserNetwork) -> torch.nn.Module:
    network = code.build()
    weights = _state_dict(artefact, content)
    try:
        network.load_state_dict(weights)
    except RuntimeError as error:
        raise LoadError(
            f"the weights in {artefact.path} do not fit the network of src/model.py: "
            f"{one_line(' '.join(str(error).split()), 600)}",
            "build the network as it was when its state_dict() was saved",
        ) from None
    return network


def _state_dict(artefact: Artefact, content: Any) -> Mapping[str, Any]:
    """Return the weights by name, out of a checkpoint if need be."""
    for candidate in (content, *_parts(content)):
        if isinstance(candidate, Mapping) and all(map(torch.is_tensor, candidate.values())):
            return candidate
    found = (
        f"a dict of {', '.join(map(str, list(content)[:6]))}"
        if isinstance(content, Mapping)
        else (f"a {type(content).__name__}")
    )
    raise LoadError(
        f"{artefact.path} holds {found}; expected a state dict: tensors by name, also as "
        f"{', '.join(_CHECKPOINT_KEYS)} of a checkpoint",
        "save model.state_dict()",
    )


def _parts(content: Any) -> "list[Any]":
    return [
        content[key] for key in _CHECKPOINT_KEYS if isinstance(content, Mapping) and key in content
    ]


def _safetensors(artefact: Artefact) -> Mapping[str, Any]:
    try:
        from safetensors import SafetensorError
        from safetensors import torch as reader
    except ImportError:
        raise LoadError(
            f"{artefact.path} needs the package safetensors, which is not installed here",
            "serve it from a newer image, or save the state_dict() with torch.save",
        ) from None
    try:
        weights: Mapping[str, Any] = reader.load(artefact.content)
    except (SafetensorError, KeyError, ValueError) as error:
        raise damaged(artefact, one_line(str(error), 200)) from None
    return weights
