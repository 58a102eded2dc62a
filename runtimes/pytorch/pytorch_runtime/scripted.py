"""Open TorchScript modules."""

import io
import re
import warnings
from typing import Any, Dict, Iterator, Optional

import torch

from pytorch_runtime import failures, gradients
from pytorch_runtime.network import Function, Network, Parameter
from pytorch_runtime.reading import FAILURES
from serving_runtime.framework.artefacts import Artefact

_GRADIENTS = ("aten::grad", "aten::backward", "aten::requires_grad_")
_IN_PLACE = re.compile(r"aten::([a-z]\w*_|append|_set_item|clear|pop|extend|insert)$")
_VIEWS = tuple(
    f"aten::{name}"
    for name in (
        "alias", "detach", "expand", "narrow", "permute", "reshape", "select", "slice", "squeeze",
        "t", "transpose", "unsqueeze", "view", "__getitem__",
    )
)  # fmt: skip


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
            raise failures.not_read(artefact, error) from None
    module.eval()
    methods = {name: getattr(module, name) for name in module._c._method_names()}
    functions = {name: _function(method) for name, method in methods.items()}
    changes = tuple(sorted(set(_changes(module, methods))))
    return Network("a TorchScript module", functions, changes, watched=module)


def _function(method: Any) -> Function:
    """Describe a method; the first argument is the module itself."""
    parameters = tuple(
        Parameter(argument.name, not argument.has_default_value(), argument.type.annotation_str)
        for argument in method.schema.arguments[1:]
    )
    return Function(
        method,
        parameters,
        values=_count(method.schema.returns[0].type),
        modes=gradients.WITH if _differentiates(method) else gradients.WITHOUT,
    )


def _differentiates(method: Any) -> bool:
    """Whether a method computes gradients; TorchScript has no way to switch them on."""
    return any(node.kind() in _GRADIENTS for node in _nodes(_inlined(method)))


def _inlined(method: Any) -> Any:
    graph = method.graph.copy()
    torch._C._jit_pass_inline(graph)
    return graph


def _count(returned: Any) -> Optional[int]:
    """Return how many values a tuple has; None for one with names, and for what may be missing."""
    if returned.kind() != "TupleType" or not returned.annotation_str.startswith("Tuple["):
        return None
    elements = returned.elements()
    return None if any(it.kind() != "TensorType" for it in elements) else len(elements)


def _changes(module: Any, methods: Dict[str, Any]) -> Iterator[str]:
    """Name the attributes that methods write to and that calls can see."""
    graphs = [_inlined(method) for method in methods.values()]
    nodes = [node for graph in graphs for node in _nodes(graph)]
    # Buffers are watched: batch normalisation sets its own, in training.
    watched = {name.rpartition(".")[2] for name, _ in module.named_buffers()} | {"training"}
    read = {node.s("name") for node in nodes if node.kind() == "prim::GetAttr"}
    written = {name for node in nodes for name in _written(node)}
    yield from (f'the attribute "{name}"' for name in written & read - watched)
    for node in nodes:
        if node.kind() == "aten::batch_norm" and list(node.inputs())[5].toIValue() is True:
            yield "the statistics of batch normalisation, since it was traced in training mode"


def _nodes(block: Any) -> Iterator[Any]:
    for node in block.nodes():
        yield node
        for inner in node.blocks():
            yield from _nodes(inner)


def _written(node: Any) -> Iterator[str]:
    """Name the attribute that a node sets, or changes in place, itself or by a view of it."""
    if node.kind() == "prim::SetAttr":
        yield node.s("name")
    if _IN_PLACE.match(node.kind()):
        source = next(node.inputs()).node()
        while source.kind() in _VIEWS:
            source = next(source.inputs()).node()
        if source.kind() == "prim::GetAttr":
            yield source.s("name")
