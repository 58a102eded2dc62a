"""Check that this TensorFlow has every operation of a graph, before it says so in riddles."""

import importlib
import time
from typing import Any, Set

from serving_runtime import logs
from serving_runtime.errors import LoadError
from tensorflow_runtime.framework import VERSION, quieten, tf, without_deprecations

# isort: split
from tensorflow.python.framework import op_def_registry

logger = logs.get_logger(__name__)


def check(meta_graph: Any) -> None:
    """Make sure that all operations of the graph are known.

    Those of ``tensorflow.contrib`` (LSTMBlockCell and others of 1.x) are known once it is imported,
    which takes seconds, so it is done for graphs that have them only.

    Raises:
        LoadError: some are unknown; lists them.
    """
    unknown = _unknown(meta_graph)
    if unknown and VERSION < (2, 0):
        _import_contrib()
        unknown = _unknown(meta_graph)
    if unknown:
        made_with = str(meta_graph.meta_info_def.tensorflow_version)
        raise LoadError(
            f"TensorFlow {tf.__version__} does not have the graph's operations "
            f"{', '.join(sorted(unknown))}; the model was exported by "
            f"{made_with or 'an unknown version'}",
            _fix(made_with),
        )


def _fix(made_with: str) -> str:
    """Return what gives a graph its operations; it depends on the version that exported it."""
    beside = "operations that come from a package beside TensorFlow cannot be served"
    if made_with == tf.__version__:
        return f"export it without them: {beside}"
    return f"serve it from the image of the version that exported it; {beside}"


def _unknown(meta_graph: Any) -> Set[str]:
    library = meta_graph.graph_def.library
    nodes = list(meta_graph.graph_def.node)
    nodes += [node for function in library.function for node in function.node_def]
    used = {str(node.op) for node in nodes}
    functions = {str(function.signature.name) for function in library.function}
    return {name for name in used - functions if not _is_registered(name)}


def _is_registered(name: str) -> bool:
    if hasattr(op_def_registry, "get"):  # since 2.1
        return op_def_registry.get(name) is not None
    return name in op_def_registry.get_registered_ops()


def _import_contrib() -> None:
    started = time.monotonic()
    with without_deprecations():
        importlib.import_module("tensorflow.contrib")
    quieten()
    elapsed = time.monotonic() - started
    logger.info("imported tensorflow.contrib in %.1f s, since the graph needs it", elapsed)
