"""Call one function of a network with arrays, and get arrays back."""

from typing import Any, Dict

import torch

from pytorch_runtime import outputs, rows
from pytorch_runtime.binding import bind
from pytorch_runtime.network import Function
from pytorch_runtime.tensors import to_array, to_tensor
from serving_runtime.model import Arrays
from serving_runtime.signature import Signature


class Call:
    """A signature and the function that answers it.

    Raises:
        LoadError: they do not fit each other.
    """

    def __init__(self, signature: Signature, function: Function, device: torch.device) -> None:
        self.binding = bind(signature, function.parameters)
        self._signature = signature
        self._function = function
        self._device = device
        parameters = {self.binding.parameter(field.name): field.name for field in signature.inputs}
        self._ranges = {
            (parameters[name], axis): allowed
            for (name, axis), allowed in function.ranges.items()
            if name in parameters
        }

    def __call__(self, inputs: Arrays) -> Arrays:
        """Answer a request; what the network raises is raised here, unchanged."""
        with torch.inference_mode():
            tensors = {
                field.name: to_tensor(inputs[field.name], field, self._device)
                for field in self._signature.inputs
            }
            results = rows.run_within(
                self._ranges, self._signature.is_stackable, tensors, self._run
            )
        return {name: to_array(name, result) for name, result in results.items()}

    def _run(self, tensors: Dict[str, Any]) -> Dict[str, Any]:
        if self.binding.parameters is None:
            result = self._function.call(*tensors.values())
        else:
            arguments = {self.binding.parameters[name]: it for name, it in tensors.items()}
            result = self._function.call(**arguments)
        names = [field.name for field in self._signature.outputs]
        named = outputs.named(result, names)
        # Of what is not declared only the names matter: one may be a misspelling.
        return {name: named[name] for name in names} if named.keys() >= set(names) else named
