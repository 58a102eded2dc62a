"""Read from a program of torch.export what it takes and gives, and for which sizes it was made."""

from typing import Any, Dict, List, NamedTuple, Optional, Tuple

import torch

from pytorch_runtime import outputs
from pytorch_runtime.network import Parameter, Range
from serving_runtime.errors import LoadError
from serving_runtime.signature import ANY, FREE, NUMPY_DTYPES, Field

Program = Any  # torch.export.ExportedProgram, which old versions lack


class Leaf(NamedTuple):
    """One value that a program takes: a tensor, or what the export has fixed."""

    name: str
    is_fixed: bool
    value: Any


def input_fields(program: Program) -> Dict[str, Field]:
    """Describe the tensors that the program takes, by its own names.

    Raises:
        LoadError: it takes something else than tensors.
    """
    values = _values(program)
    names = [leaf.name for leaf in leaves(program) if not leaf.is_fixed]
    for name in names:
        if not isinstance(values[name], torch.Tensor):
            raise LoadError(
                f'the program takes "{name}" as a number, and clients send tensors',
                "take a tensor instead, or fix the number in the export",
            )
    return {name: _field(name, values[name]) for name in names}


def parameters(program: Program) -> Tuple[Parameter, ...]:
    """Return what the program's ``forward`` takes."""
    return tuple(Parameter(name) for name in input_fields(program))


def output_fields(program: Program, names: Optional[Tuple[str, ...]]) -> Tuple[Field, ...]:
    """Describe what the program gives.

    Args:
        program: the program.
        names: the contract's, for outputs that have no names of their own; None without a contract.

    Raises:
        BrokenResult: the number of outputs is not that of the names.
    """
    from torch.utils import _pytree as pytree

    values = _values(program)
    given = [
        values[it] if isinstance(it, str) and it in values else it
        for it in program.graph_signature.user_outputs
    ]
    result = pytree.tree_unflatten(given, program.call_spec.out_spec)
    named = outputs.named(result, outputs.names_of(result) if names is None else names)
    return tuple(_field(name, value) for name, value in named.items())


def leaves(program: Program) -> List[Leaf]:
    """Return what the program takes, in order."""
    arguments = [
        spec.arg for spec in program.graph_signature.input_specs if spec.kind.name == "USER_INPUT"
    ]
    return [Leaf(it.name, hasattr(it, "value"), getattr(it, "value", None)) for it in arguments]


def _values(program: Program) -> Dict[Any, Any]:
    """Return each node's tensor, which has no content but a dtype and a shape."""
    return {node.name: node.meta.get("val") for node in program.graph.nodes}


def ranges(program: Program) -> Dict[Tuple[str, int], Range]:
    """Return the sizes of free axes, where they are limited."""
    values = _values(program)
    found = {
        (name, axis): _range(program, size)
        for name in input_fields(program)
        for axis, size in enumerate(values[name].shape)
        if not isinstance(size, int)
    }
    return {place: allowed for place, allowed in found.items() if allowed != Range(0, None)}


def _range(program: Program, size: Any) -> Range:
    limits = program.range_constraints.get(size.node.expr)
    if limits is None:
        return Range(0, None)
    # To PyTorch at least 2 means any: it does not tell 0 and 1 from more when it exports.
    low = int(limits.lower) if limits.lower > 2 else 0
    return Range(low, int(limits.upper) if limits.upper < 2**62 else None)


def _field(name: str, value: Any) -> Field:
    if not isinstance(value, torch.Tensor):
        return Field(name, ANY)
    dtype = str(value.dtype).partition(".")[2]
    if dtype not in NUMPY_DTYPES:
        raise LoadError(f'the program\'s "{name}" is of {dtype}, which cannot be sent')
    return Field(name, dtype, tuple(it if isinstance(it, int) else FREE for it in value.shape))
