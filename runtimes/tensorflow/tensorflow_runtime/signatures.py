"""Turn a SavedModel's own signatures into the contract that it keeps."""

from typing import Any, Dict, Iterable, List, Mapping, Tuple

from serving_runtime import logs
from serving_runtime.errors import LoadError
from serving_runtime.signature import NUMPY_DTYPES, Contract, Field, Shape, Signature
from tensorflow_runtime.dependencies import Dependencies
from tensorflow_runtime.framework import tf
from tensorflow_runtime.values import KNOWS_BFLOAT16

logger = logs.get_logger(__name__)

# Exports of TensorFlow 2.x hold these for the loader; clients do not call them.
INTERNAL = ("__saved_model_init_op", "__saved_model_train_op")


class Unservable(Exception):
    """No request can carry the tensor; the text says why."""


def contract_of(meta_graph: Any, version: int, state_tensors: Iterable[str] = ()) -> Contract:
    """Return the contract of a graph: its signatures and fields, each sorted by name.

    Args:
        meta_graph: the MetaGraphDef.
        version: of the model, 0 where none is known.
        state_tensors: names of tensors that the runtime feeds itself, so no client needs to.

    Raises:
        LoadError: there is no signature that can be served.
    """
    servable: List[Signature] = []
    unservable: Dict[str, str] = {}
    dependencies = Dependencies(meta_graph.graph_def)
    for name, definition in sorted(meta_graph.signature_def.items()):
        if name in INTERNAL:
            continue
        try:
            signature = _signature(name, definition, frozenset(state_tensors))
            servable.append(_computable(signature, definition, dependencies, state_tensors))
        except Unservable as problem:
            unservable[name] = str(problem)
    if not servable:
        raise _nothing(unservable)
    for name, reason in unservable.items():
        logger.warning('signature "%s" is not served: %s', name, reason)
    return Contract("", tuple(servable), version)


def _nothing(unservable: Mapping[str, str]) -> LoadError:
    reasons = "; ".join(f'"{name}": {reason}' for name, reason in unservable.items())
    found = f" that can be served: {reasons}" if reasons else ""
    return LoadError(
        f"the model has no signature{found}",
        "export it with the signatures to serve: tf.saved_model.save(model, path, signatures=…)",
    )


def _signature(name: str, definition: Any, state_tensors: "frozenset[str]") -> Signature:
    if not definition.outputs:
        raise Unservable("it has no outputs")
    inputs = _fields("input", definition.inputs)
    return Signature(
        name,
        tuple(field for field in inputs if field.tensor not in state_tensors),
        _fields("output", definition.outputs),
        definition.method_name,
    )


def _computable(
    signature: Signature, definition: Any, dependencies: Dependencies, state_tensors: Iterable[str]
) -> Signature:
    """Leave out the outputs that no call can get, since they need more than the inputs."""
    feeds = [*state_tensors, *(str(info.name) for info in definition.inputs.values())]
    if not dependencies.missing((field.tensor for field in signature.outputs), feeds):
        return signature
    missing = {it.name: dependencies.missing([it.tensor], feeds) for it in signature.outputs}
    reasons = {name: ", ".join(needed) for name, needed in missing.items() if needed}
    text = "; ".join(f'output "{name}" needs {needed}' for name, needed in reasons.items())
    if len(reasons) == len(signature.outputs):
        raise Unservable(f"{text}, which is none of its inputs")
    logger.warning(
        'signature "%s" is served without what it cannot compute from its inputs: %s',
        signature.name,
        text,
    )
    return signature._replace(
        outputs=tuple(field for field in signature.outputs if field.name not in reasons)
    )


def _fields(kind: str, tensors: Mapping[str, Any]) -> Tuple[Field, ...]:
    return tuple(_field(kind, name, info) for name, info in sorted(tensors.items()))


def _field(kind: str, name: str, info: Any) -> Field:
    encoding = info.WhichOneof("encoding")
    if encoding != "name":
        raise Unservable(f'{kind} "{name}" is not one dense tensor but {encoding or "none"}')
    dtype = dtype_name(info.dtype)
    if not dtype:
        raise Unservable(f'{kind} "{name}" has dtype number {info.dtype}, which is not served')
    return Field(name, dtype, _shape(info.tensor_shape), tensor=info.name)


def dtype_name(number: int) -> str:
    """Name a dtype of TensorFlow's as contracts do; empty if it cannot be served.

    The number is that of TensorFlow's types.proto; a variable's reference type is 100 more.
    """
    try:
        name = str(tf.as_dtype(number).base_dtype.name)
    except TypeError:  # of a newer TensorFlow
        return ""
    if name == "bfloat16" and not KNOWS_BFLOAT16:
        return ""
    return name if name in NUMPY_DTYPES else ""


def _shape(shape: Any) -> Shape:
    if shape.unknown_rank:
        return None
    return tuple(int(dimension.size) for dimension in shape.dim)
