"""Open networks that are Python code: weights with the user's module, and pickled modules."""

import inspect
from typing import Any, Callable, Dict, Mapping

import torch

from pytorch_runtime import gradients, reading, weights
from pytorch_runtime.kinds import SAFETENSORS, damaged
from pytorch_runtime.network import FORWARD, Function, Network, parameters_of
from pytorch_runtime.user_network import UserNetwork
from serving_runtime.errors import LoadError, one_line
from serving_runtime.framework.artefacts import Artefact, admit_pickle


def open_network(
    artefact: Artefact, kind: str, device: torch.device, allow_pickle: bool, code: UserNetwork
) -> Network:
    """Return the network of weights, or the pickled network where pickles are allowed.

    Raises:
        LoadError: the file is damaged, needs a pickle, or does not fit the user's network.
    """
    try:
        if kind == SAFETENSORS:
            module = _tied(artefact, code)
        else:
            module = _weighted(artefact, reading.read_weights(artefact), code)
        return _network(module, f"{kind} for src/model.py", device)
    except reading.NeedsPickle as error:
        admit_pickle(artefact, allow_pickle, reading.instead(str(error)))
    content = reading.read_anything(artefact)
    if isinstance(content, torch.nn.Module):
        return _network(content, f"a pickled {type(content).__name__}", device)
    return _network(_weighted(artefact, content, code), "a pickled state dict", device)


def _network(module: torch.nn.Module, description: str, device: torch.device) -> Network:
    module.to(device).eval()
    functions = {FORWARD: _function(module, module.forward), **_methods(module)}
    return Network(description, functions, watched=module)


def _methods(module: torch.nn.Module) -> Dict[str, Function]:
    """Return what the user's own classes define, and not what every module has."""
    own = [cls for cls in type(module).__mro__ if cls not in torch.nn.Module.__mro__]
    named = [pair for cls in reversed(own) for pair in vars(cls).items()]
    names = [name for name, value in named if inspect.isfunction(value) and name[0] != "_"]
    methods = {name: getattr(module, name) for name in names if name != FORWARD}
    return {name: _function(method, method) for name, method in methods.items()}


def _function(call: Callable[..., Any], code: Callable[..., Any]) -> Function:
    return Function(call, parameters_of(code), modes=gradients.UNKNOWN)


def _weighted(artefact: Artefact, content: Any, code: UserNetwork) -> torch.nn.Module:
    network = code.build()
    weights.put(artefact, content, network)
    return network


def _tied(artefact: Artefact, code: UserNetwork) -> torch.nn.Module:
    content = _safetensors(artefact)
    network = code.build()
    weights.put(artefact, weights.with_tied(content, network), network)
    return network


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
        content: Mapping[str, Any] = reader.load(artefact.content)
    except (SafetensorError, KeyError, ValueError) as error:
        raise damaged(artefact, one_line(str(error), 200)) from None
    return content
