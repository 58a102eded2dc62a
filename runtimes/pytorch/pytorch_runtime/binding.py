"""Decide, when the model is loaded, which input becomes which parameter."""

import re
from typing import Dict, List, NamedTuple, Optional, Tuple

from pytorch_runtime.network import Function, Parameter
from serving_runtime.errors import LoadError
from serving_runtime.framework.parameters import differences
from serving_runtime.signature import ANY, MAP, Field, Signature

BY_NAME = "by name"
BY_ORDER = "in the contract's order"

# What TorchScript makes of no array, and of no map of arrays. (It makes numbers of scalars, and
# tuples of rows.)
_NO_ARRAY = re.compile(r"(Optional\[)?(List\[|Dict\[|str\b|Device|number|Future|Stream)")
_MAP = re.compile(r"(Optional\[)?(Dict\[str, (Tensor|Any|Optional\[Tensor\])\]|Any)|Union\[")


class Binding(NamedTuple):
    """How inputs are handed over: ``parameters`` by the inputs' names, None if just in order."""

    how: str
    parameters: Optional[Dict[str, str]]

    def parameter(self, name: str) -> str:
        """Return the parameter that an input becomes."""
        return self.parameters[name] if self.parameters else name


def bind(signature: Signature, parameters: Optional[Tuple[Parameter, ...]]) -> Binding:
    """Match a signature's inputs with a function's parameters (None: it takes any number).

    By name if all inputs are named like parameters, in order if none is. Some, but not all: one of
    the names is likely misspelt, and the order would hide it.

    Raises:
        LoadError: names or numbers do not match; lists every difference.
    """
    inputs = tuple(field.name for field in signature.inputs)
    if parameters is None:
        return Binding(BY_ORDER, None)
    names = tuple(parameter.name for parameter in parameters)
    if set(inputs) & set(names):
        required = tuple(parameter.name for parameter in parameters if parameter.required)
        _refuse(signature, parameters, differences(inputs, names, required))
        return Binding(BY_NAME, {name: name for name in inputs})
    _refuse(signature, parameters, _miscount(inputs, parameters))
    return Binding(BY_ORDER, dict(zip(inputs, names)))


def check_values(signature: Signature, function: Function, binding: Binding) -> None:
    """Check that a function takes and gives what the contract says, where it says so itself.

    Raises:
        LoadError: it does not, so that no call could succeed.
    """
    types = {parameter.name: parameter.type for parameter in function.parameters or ()}
    for field in signature.inputs:
        wanted = types.get(binding.parameter(field.name), "")
        if wanted and not _takes(wanted, field):
            raise LoadError(
                f'signature "{signature.name}": the network takes "{field.name}" as {wanted}, and '
                f"the contract sends {'a map' if field.dtype == MAP else 'a tensor'}",
                "save a network whose forward takes tensors, or a dict of tensors where the "
                "contract has a map, and makes the rest of them",
            )
    if function.values is not None and function.values != len(signature.outputs):
        names = ", ".join(field.name for field in signature.outputs)
        raise LoadError(
            f'signature "{signature.name}": the network always returns {function.values} values, '
            f"and the contract has {len(signature.outputs)} outputs: {names}",
            "declare an output for each, in their order",
        )


def _takes(wanted: str, field: Field) -> bool:
    if field.dtype == ANY:
        return True
    return bool(_MAP.match(wanted)) if field.dtype == MAP else not _NO_ARRAY.match(wanted)


def _miscount(inputs: Tuple[str, ...], parameters: Tuple[Parameter, ...]) -> List[str]:
    least = sum(parameter.required for parameter in parameters)
    if least <= len(inputs) <= len(parameters):
        return []
    return [f"{len(inputs)} inputs for {least} to {len(parameters)} parameters"]


def _refuse(
    signature: Signature, parameters: Tuple[Parameter, ...], differences: List[str]
) -> None:
    if differences:
        inputs = ", ".join(field.name for field in signature.inputs) or "none"
        taken = ", ".join(it.name + "=…" * (not it.required) for it in parameters) or "none"
        raise LoadError(
            f'signature "{signature.name}" does not fit the network, whose parameters are '
            f"{taken}; the contract's inputs are {inputs}: {'; '.join(differences)}",
            "name all inputs like the parameters, or none of them to hand them over in order",
        )
