"""What the forms of a model have in common: named functions with parameters."""

import inspect
from typing import Any, Callable, List, Mapping, NamedTuple, Optional, Tuple

from pytorch_runtime import gradients
from serving_runtime.errors import LoadError, nearest
from serving_runtime.signature import Contract, Signature

FORWARD = "forward"


class Parameter(NamedTuple):
    """One value that a function takes; ``type`` is what TorchScript says it must be, else empty."""

    name: str
    required: bool = True
    type: str = ""


class Range(NamedTuple):
    """The sizes of an axis that a program was exported for; ``high`` is None without a limit."""

    low: int
    high: Optional[int]

    def __str__(self) -> str:
        return f"{self.low} or more" if self.high is None else f"{self.low} to {self.high}"

    def __contains__(self, size: object) -> bool:
        return (
            isinstance(size, int) and self.low <= size and (self.high is None or size <= self.high)
        )


class Function(NamedTuple):
    """A function of a network: its parameters (None: any number), and the sizes that they may have.

    ``ranges`` has parameters' axes, where they are limited. ``values`` is how many values it always
    returns, without names for them; None where that is not known. ``modes``: those of PyTorch in
    which it may work, the fastest first.
    """

    call: Callable[..., Any]
    parameters: Optional[Tuple[Parameter, ...]]
    ranges: Mapping[Tuple[str, int], Range] = {}
    values: Optional[int] = None
    modes: gradients.Modes = gradients.WITHOUT


class Network(NamedTuple):
    """A loaded model: what it is, and its functions by name; ``forward`` is always there.

    ``changes``: what calls change in it, as far as its form says, and ``changing``: the module that
    they do it in, if it can be set back. ``watched``: the module where only calls show that.
    """

    description: str
    functions: Mapping[str, Function]
    changes: Tuple[str, ...] = ()
    changing: Any = None
    watched: Any = None

    def function_for(self, signature: Signature, contract: Contract) -> Function:
        """Return the function of the signature's name, or ``forward`` for the only signature.

        Raises:
            LoadError: several signatures, and no function for this one.
        """
        if signature.name in self.functions:
            return self.functions[signature.name]
        if len(contract.signatures) == 1:
            return self.functions[FORWARD]
        names = tuple(self.functions)
        raise LoadError(
            f'signature "{signature.name}" is not in the model'
            f"{nearest(signature.name, names) or ';'} the model has {', '.join(names)}",
            "name each signature after a method; where there is only one, its name is free",
        )


def parameters_of(function: Callable[..., Any]) -> Optional[Tuple[Parameter, ...]]:
    """Return the parameters of a Python function; None if it takes any number."""
    found: List[Parameter] = []
    for item in inspect.signature(function).parameters.values():
        if item.kind in (item.VAR_POSITIONAL, item.VAR_KEYWORD):
            return None
        found.append(Parameter(item.name, item.default is item.empty))
    return tuple(found)
