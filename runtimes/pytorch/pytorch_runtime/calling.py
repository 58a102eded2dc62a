"""Call one function of a network with arrays, and get arrays back."""

from typing import Any, Dict

import torch

from pytorch_runtime import gradients, outputs, rows
from pytorch_runtime.binding import bind, check_values
from pytorch_runtime.network import Function
from pytorch_runtime.tensors import to_array, to_tensor
from serving_runtime import logs
from serving_runtime.model import Arrays
from serving_runtime.signature import Signature

logger = logs.get_logger(__name__)


class Call:
    """A signature and the function that answers it.

    Raises:
        LoadError: they do not fit each other.
    """

    def __init__(self, signature: Signature, function: Function, device: torch.device) -> None:
        self.binding = bind(signature, function.parameters)
        check_values(signature, function, self.binding)
        self._signature = signature
        self._function = function
        self._device = device
        self._mode: Any = function.modes[0]
        parameters = {self.binding.parameter(field.name): field.name for field in signature.inputs}
        self._ranges = {
            (parameters[name], axis): allowed
            for (name, axis), allowed in function.ranges.items()
            if name in parameters
        }

    def __call__(self, inputs: Arrays) -> Arrays:
        """Answer a request; what the network raises is raised here, unchanged."""
        mode = self._mode  # another thread may exchange it meanwhile
        with mode():
            tensors = {
                field.name: to_tensor(inputs[field.name], field, self._device)
                for field in self._signature.inputs
            }
            try:
                results = self._results(tensors)
            except RuntimeError as error:
                if mode is self._function.modes[-1] or not gradients.is_lacking(error):
                    raise
                results = self._results_with_gradients(tensors, mode, error)
        return {name: to_array(name, result) for name, result in results.items()}

    def _results_with_gradients(
        self, tensors: Dict[str, Any], failed: Any, error: RuntimeError
    ) -> Any:
        """Try the mode after the one that has failed, and keep to it if the network works in it.

        Where the network has changed its inputs they are lost, and only the next call is tried.
        """
        modes = self._function.modes
        mode = modes[modes.index(failed) + 1]
        results = None
        if gradients.is_unchanged(tensors):
            with mode():
                results = self._results(tensors)
        self._mode = mode
        logger.info(
            'signature "%s": the network computes gradients, so it is called with torch.%s()',
            self._signature.name,
            mode.__name__,
        )
        if results is None:
            raise error
        return results

    def _results(self, tensors: Dict[str, Any]) -> Dict[str, Any]:
        return rows.run_within(self._ranges, self._signature.is_stackable, tensors, self._run)

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
