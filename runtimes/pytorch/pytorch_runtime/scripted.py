"""Open TorchScript modules."""

import io
import warnings
from typing import Any, Dict, Tuple

import torch

from pytorch_runtime.kinds import damaged
from pytorch_runtime.network import Function, Network, Parameter
from pytorch_runtime.reading import FAILURES
from serving_runtime.errors import one_line
from serving_runtime.framework.artefacts import Artefact


def open_module(artefact: Artefact, device: torch.device) -> Network:
    """Return a TorchScript module: ``forward`` and what is marked with ``torch.jit.export``.

    Raises:
        LoadError: the file is damaged, or made by a version of PyTorch that is too new.
    """
    with warnings.catch_warnings():
        # PyTorch 2.13 advises torch.export, which does not help users who have such a file.
        warnings.filterwarnings("ignore", message=".*torch.jit.load. is (deprecated|not supported)")
        try:
            module = torch.jit.load(io.BytesIO(artefact.content), map_location=device)
        except FAILURES as error:
            raise damaged(artefact, one_line(str(error), 200)) from None
    module.eval()
    return Network("a TorchScript module", _functions(module))


def _functions(module: Any) -> Dict[str, Function]:
    methods = {name: getattr(module, name) for name in module._c._method_names()}
    return {name: Function(method, _parameters(method)) for name, method in methods.items()}


def _parameters(method: Any) -> Tuple[Parameter, ...]:
    """Return the parameters of a method; the first argument is the module itself."""
    return tuple(
        Parameter(argument.name, not argument.has_default_value())
        for argument in method.schema.arguments[1:]
    )
