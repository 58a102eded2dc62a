"""Notice what calls change in a network whose code cannot be looked into, and undo it."""

import collections
import copy
from typing import Any, Dict, Iterator, List, Mapping, Tuple

import torch

_PLAIN = (bool, int, float, complex, str, bytes)
_CONTAINERS = (list, dict, set, collections.deque)

State = Dict[str, Any]


def read(network: torch.nn.Module) -> State:
    """Return a copy of what calls may change, by name.

    Parameters, which may be large, are represented by the number of their changes.
    """
    return {name: _copied(value) for name, value in _values(network)}


def differing(before: State, after: State) -> List[str]:
    """Name what is not the same in two states; what only one of them has is not looked at."""
    return [name for name, value in after.items()
            if name in before and not _are_equal(before[name], value)]  # fmt: skip


def are_same(before: State, after: State) -> bool:
    """Whether two states have the same names and values."""
    return before.keys() == after.keys() and not differing(before, after)


class Restoration:
    """A way back to what a network is now: its attributes, and the content of its tensors.

    Args:
        network: parameters are not copied, since no call of a network that is served changes them.
    """

    def __init__(self, network: torch.nn.Module) -> None:
        modules = list(network.modules())
        self._attributes = [(vars(it), dict(vars(it))) for it in modules]
        values = [value for attributes, _ in self._attributes for value in attributes.values()]
        self._containers = [(it, copy.copy(it)) for it in values if isinstance(it, _CONTAINERS)]
        tensors = [it for _, it in _values(network) if torch.is_tensor(it)]
        self._contents = [(it, it.detach().clone()) for it in tensors if not _is_parameter(it)]

    def restore(self) -> None:
        """Go back."""
        for attributes, before in self._attributes:
            attributes.clear()
            attributes.update(before)
        for container, content in self._containers:
            container.clear()
            (container.update if hasattr(container, "update") else container.extend)(content)
        with torch.no_grad():
            for tensor, values in self._contents:
                tensor.copy_(values)


def _values(network: torch.nn.Module) -> Iterator[Tuple[str, Any]]:
    """Yield tensors and plain values with their names, those in containers too."""
    for path, module in network.named_modules():
        buffers = dict(module.named_buffers(recurse=False))  # TorchScript's are not in vars()
        for name, value in _flat({**buffers, **vars(module)}):
            if isinstance(value, _PLAIN) or _has_content(value):
                yield f"{path}.{name}".lstrip("."), value


def _flat(attributes: Mapping[str, Any]) -> Iterator[Tuple[str, Any]]:
    for name, value in attributes.items():
        if name in ("_parameters", "_buffers"):
            yield from value.items()
        elif isinstance(value, (dict, list, tuple, collections.deque)):
            items = value.items() if isinstance(value, dict) else enumerate(value)
            yield from ((f"{name}[{key!r}]", item) for key, item in items)
            yield f"len({name})", len(value)
        else:
            yield name, value


def _has_content(value: Any) -> bool:
    return torch.is_tensor(value) and not value.is_meta and not torch.nn.parameter.is_lazy(value)


def _is_parameter(value: Any) -> bool:
    return isinstance(value, torch.nn.Parameter)


def _copied(value: Any) -> Any:
    if _is_parameter(value):
        return value._version
    return value.detach().clone() if torch.is_tensor(value) else value


def _are_equal(one: Any, other: Any) -> bool:
    if not torch.is_tensor(one) or not torch.is_tensor(other):
        return type(one) is type(other) and bool(one is other or one == other)
    if one.dtype != other.dtype or one.shape != other.shape:
        return False
    if one.is_quantized or one.layout != torch.strided:
        return True  # they are weights
    return bool(((one == other) | (torch.isnan(one) & torch.isnan(other))).all())
