"""Find what a program of torch.export changes, and what it does as if it were still trained."""

from typing import Any, Dict, Iterator, List, Tuple

import torch

# The words of their schemas for it.
_TRAINING = ("training", "train")


def changes(program: Any) -> Tuple[str, ...]:
    """Name what a call changes in the program."""
    signature = program.graph_signature
    written = {
        *getattr(signature, "buffers_to_mutate", {}).values(),
        *getattr(signature, "parameters_to_mutate", {}).values(),
        *_written_in_place(program),
    }
    names = [f'the buffer "{name}"' for name in sorted(written)]
    if any(
        _given(node).get("running_mean") is not None for node in _trained(program, "batch_norm")
    ):
        names.append(
            "the statistics of batch normalisation, since it was exported in training mode"
        )
    return tuple(names)


def _written_in_place(program: Any) -> Iterator[str]:
    """Name the buffers that operations write to, as programs have them since PyTorch 2.5."""
    signature = program.graph_signature
    kept = {**signature.inputs_to_parameters, **signature.inputs_to_buffers}
    for node in program.graph.nodes:
        for argument in _arguments(node):
            if argument.alias_info is not None and argument.alias_info.is_write:
                given = _given(node).get(argument.name)
                yield from (kept[name] for name in [_source(given)] if name in kept)


def _source(node: Any) -> str:
    """Follow views of a tensor back to where it comes from."""
    while True:
        arguments = _arguments(node)
        if not arguments or arguments[0].alias_info is None:
            return str(getattr(node, "name", ""))
        node = _given(node)[arguments[0].name]


def mixes_rows(program: Any) -> bool:
    """Whether a row's result depends on the others: batch normalisation takes their mean."""
    return any(True for _ in _trained(program, "batch_norm"))


def drops_values(program: Any) -> bool:
    """Whether dropout is on, so that each answer is another one."""
    return any(True for _ in _trained(program, "dropout"))


def _trained(program: Any, name: str) -> Iterator[Any]:
    """Yield the nodes of an operation that are told to train."""
    graphs = [it for it in program.graph_module.modules() if isinstance(it, torch.fx.GraphModule)]
    for node in (node for graph in graphs for node in graph.graph.nodes):
        given = _given(node)
        if name in str(node.target) and any(given.get(it) is True for it in _TRAINING):
            yield node


def _given(node: Any) -> Dict[str, Any]:
    """Return a node's arguments by their names."""
    names = [str(argument.name) for argument in _arguments(node)]
    return {**dict(zip(names, node.args)), **node.kwargs}


def _arguments(node: Any) -> List[Any]:
    schema = getattr(getattr(node, "target", None), "_schema", None)
    return [] if schema is None else list(schema.arguments)
