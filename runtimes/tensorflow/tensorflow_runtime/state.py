"""Find the state that Hydrosphere's stateful models keep between calls.

Two graph collections hold lists of tensors that are paired by index. The values of
``h_zero_states`` are the state at the start. ``h_state_placeholders`` has two meanings:

- Hydrosphere's exporter puts tensors there that the graph computes, such as an LSTM's final state.
  Its runtime fed the state to the zero state's own tensor and fetched these as the next state.
- Where they are placeholders, as the name says, the state is fed to them, and the next state is the
  output of the signature that is named like them.
"""

from typing import Any, Dict, List, NamedTuple, Tuple

from serving_runtime.errors import LoadError

ZEROS = "h_zero_states"
PLACEHOLDERS = "h_state_placeholders"
PLACEHOLDER_OPS = ("Placeholder", "PlaceholderV2", "PlaceholderWithDefault")


class StateTensor(NamedTuple):
    """One part of the state, by the names of its tensors.

    ``zero`` is evaluated at the start and ``fed`` is fed; ``computed`` is the next value, or empty
    where a signature's output is.
    """

    zero: str
    fed: str
    computed: str


def find(meta_graph: Any) -> Tuple[StateTensor, ...]:
    """Return the parts of a graph's state; none for a model without.

    Raises:
        LoadError: the two collections do not fit each other, or the graph.
    """
    zeros, placeholders = _collection(meta_graph, ZEROS), _collection(meta_graph, PLACEHOLDERS)
    if len(zeros) != len(placeholders):
        raise LoadError(
            f"the graph's collections do not match: {ZEROS} has {len(zeros)} tensors and "
            f"{PLACEHOLDERS} {len(placeholders)}; expected as many, paired by index",
            "export the model with one zero state for each state",
        )
    ops = {node.name: str(node.op) for node in meta_graph.graph_def.node}
    for collection, names in ((ZEROS, zeros), (PLACEHOLDERS, placeholders)):
        _check_known(collection, names, ops)
    return tuple(_state_tensor(zero, holder, ops) for zero, holder in zip(zeros, placeholders))


def next_value(part: StateTensor, signature_name: str, outputs: Dict[str, str]) -> str:
    """Name the tensor that holds a part's next value after a call.

    Args:
        part: of the state.
        signature_name: what is called.
        outputs: all outputs of that signature, each with its tensor's name.

    Raises:
        LoadError: the signature does not compute it.
    """
    if part.computed:
        return part.computed
    operation = part.fed.partition(":")[0]
    for name in (operation, operation.rpartition("/")[2], part.fed):
        if name in outputs:
            return outputs[name]
    raise LoadError(
        f'signature "{signature_name}" does not compute the next state of "{operation}": '
        f"expected an output of that name, found {', '.join(sorted(outputs))}",
        f"add the next state to the outputs as {operation!r}, or put the tensor that holds it "
        f"into the collection {PLACEHOLDERS} instead of the placeholder, as Hydrosphere's "
        "exporter does",
    )


def _collection(meta_graph: Any, name: str) -> List[str]:
    if name not in meta_graph.collection_def:
        return []
    collection = meta_graph.collection_def[name]
    kind = collection.WhichOneof("kind") or "node_list"
    if kind != "node_list":
        raise LoadError(f"the graph's collection {name} holds a {kind}, expected tensors")
    return list(collection.node_list.value)


def _check_known(collection: str, names: List[str], ops: Dict[str, str]) -> None:
    for name in names:
        if name.partition(":")[0] not in ops:
            raise LoadError(
                f'the graph\'s collection {collection} names "{name}", which is not in the graph',
                "export the model again; tensors of another graph cannot be its state",
            )


def _state_tensor(zero: str, holder: str, ops: Dict[str, str]) -> StateTensor:
    if ops[holder.partition(":")[0]] in PLACEHOLDER_OPS:
        return StateTensor(zero, fed=holder, computed="")
    return StateTensor(zero, fed=zero, computed=holder)
