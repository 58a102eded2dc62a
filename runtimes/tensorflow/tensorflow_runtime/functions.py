"""Load what TensorFlow 2.x exports, which holds objects beside a graph, and run its functions.

Some variables find their values through the objects only (Keras 3's in a module of the user's, for
instance): in a session they would be uninitialised.
"""

from pathlib import Path
from typing import Any, List, Sequence

from serving_runtime.errors import LoadError
from serving_runtime.signature import Signature
from tensorflow_runtime import failures
from tensorflow_runtime.framework import VERSION, allow_growth, tf, without_deprecations
from tensorflow_runtime.state import StateTensor
from tensorflow_runtime.values import Run, tensor_maker
from tensorflow_runtime.written import Written, of_functions


def has_objects(meta_graph: Any) -> bool:
    """Whether the export has objects, and this TensorFlow knows them."""
    return VERSION >= (2, 0) and bool(meta_graph.object_graph_def.nodes)


class Functions:
    """An export's objects, with a function for each signature.

    Threads need not be set here: these versions of TensorFlow read ``TF_NUM_INTRAOP_THREADS`` and
    ``TF_NUM_INTEROP_THREADS`` themselves.

    Args:
        directory: of the SavedModel.
        meta_graph: the MetaGraphDef to load, as read from there.

    Raises:
        LoadError: the objects or their variables cannot be loaded.
    """

    def __init__(self, directory: Path, meta_graph: Any) -> None:
        self._used: List[Any] = []
        allow_growth()
        tags = list(meta_graph.meta_info_def.tags)
        try:
            with without_deprecations():
                self._loaded = tf.saved_model.load(str(directory), tags=tags)
        except failures.LOADING as error:
            raise failures.not_loaded(directory, error) from error

    def runner(self, signature: Signature, definition: Any, states: Sequence[StateTensor]) -> Run:
        """Return what runs a signature.

        Args:
            signature: the inputs and outputs that are wanted, in their order.
            definition: the SignatureDef.
            states: none; TensorFlow 2.x exports no collections of tensors.

        Raises:
            LoadError: the function needs an input that is not in the signature.
        """
        missing = sorted(set(definition.inputs) - {field.name for field in signature.inputs})
        if missing:
            raise LoadError(
                f'signature "{signature.name}" cannot run without {", ".join(missing)}, '
                "which the contract leaves out",
                "add it to the contract's inputs",
            )
        function = self._loaded.signatures[signature.name]
        self._used.append(function)
        inputs = [(field.name, tensor_maker(field.dtype)) for field in signature.inputs]
        outputs = [field.name for field in signature.outputs]

        def run(values: Sequence[Any]) -> List[Any]:
            tensors = {name: make(value) for (name, make), value in zip(inputs, values)}
            results = function(**tensors)
            return [results[name].numpy() for name in outputs]

        return run

    def written(self) -> Written:
        """Return what calls of the signatures change, those that have been asked for."""
        return of_functions(self._used)

    def close(self) -> None:
        """Release the objects."""
        self._loaded, self._used = None, []
