"""Load a SavedModel into a session and run its tensors: what 1.x exported, on every TensorFlow.

Newer versions could load it with ``tf.saved_model.load`` as well. But a session is the same on all
of them, feeds any tensor (which the state of old models needs), and takes 20 µs for the sum of two
scalars on TensorFlow 2.21 against 140 µs.
"""

from pathlib import Path
from typing import Any, Dict, List, Sequence, Set

from serving_runtime.errors import InvalidInput, LoadError
from serving_runtime.signature import Signature
from tensorflow_runtime import failures, state
from tensorflow_runtime.changes import Changes
from tensorflow_runtime.dependencies import Dependencies
from tensorflow_runtime.framework import tf, v1, without_deprecations
from tensorflow_runtime.state import StateTensor
from tensorflow_runtime.values import Run
from tensorflow_runtime.written import Variable, Written

# isort: split
from tensorflow.core.protobuf import config_pb2


class Graph:
    """A SavedModel's graph with its variables, in a session of its own.

    Args:
        directory: of the SavedModel.
        meta_graph: the MetaGraphDef to load, as read from there.
        intra_op_threads: for one operation; 0 leaves it to TensorFlow.
        inter_op_threads: operations at the same time; 0 leaves it to TensorFlow.

    Raises:
        LoadError: the graph or its variables cannot be loaded.
    """

    def __init__(
        self, directory: Path, meta_graph: Any, intra_op_threads: int, inter_op_threads: int
    ) -> None:
        config = v1.ConfigProto(
            intra_op_parallelism_threads=intra_op_threads,
            inter_op_parallelism_threads=inter_op_threads,
            # A graph that was exported on a GPU names it; without one it runs on the CPU.
            allow_soft_placement=True,
        )
        # Without it TensorFlow takes all of a GPU's memory at once.
        config.gpu_options.allow_growth = True
        self._dependencies = Dependencies(meta_graph.graph_def)
        self._changes = Changes(meta_graph.graph_def)
        self._written: Set[str] = set()
        self._draws_by_seed = False
        self.session = v1.Session(graph=tf.Graph(), config=config)
        try:
            self._load(directory, list(meta_graph.meta_info_def.tags))
        except failures.LOADING as error:
            self.session.close()
            raise failures.not_loaded(directory, error) from error

    def _load(self, directory: Path, tags: List[str]) -> None:
        with self.session.graph.as_default(), without_deprecations():
            v1.saved_model.loader.load(self.session, tags, str(directory))

    def runner(self, signature: Signature, definition: Any, states: Sequence[StateTensor]) -> Run:
        """Return what runs a signature and moves the state on.

        Args:
            signature: the inputs and outputs that are wanted, in their order.
            definition: the SignatureDef, which has the names of the tensors.
            states: what is fed after the inputs, and fetched after the outputs.

        Raises:
            LoadError: the graph cannot run it, or needs more than the signature has.
        """
        tensors = {name: str(info.name) for name, info in definition.outputs.items()}
        feeds = [str(definition.inputs[field.name].name) for field in signature.inputs]
        fetches = [tensors[field.name] for field in signature.outputs]
        feeds += [part.fed for part in states]
        fetches += [state.next_value(part, signature.name, tensors) for part in states]
        _check_fed(signature, definition, self._dependencies.missing(fetches, feeds))
        needed = list(self._dependencies.needed(fetches, feeds))
        self._written.update(self._changes.of(needed))
        self._draws_by_seed = self._draws_by_seed or self._changes.draws_by_seed(needed)
        self._check_initialised(signature.name, {str(node.name) for node in needed})
        return self._step(feeds, fetches)

    def written(self) -> Written:
        """Return what calls of the signatures change, those that have been asked for."""
        changed = self._variables(self._written)
        return Written(
            [_session_variable(self.session, it) for _, it in sorted(changed.items())],
            self._written - set(changed),
            self._draws_by_seed,
        )

    def _variables(self, names: Set[str]) -> Dict[str, Any]:
        """Return those of the graph's variables whose nodes have these names."""
        with self.session.graph.as_default():
            known = [*v1.global_variables(), *v1.local_variables()]
        return {str(it.op.name): it for it in known if it.op.name in names}

    def _check_initialised(self, signature_name: str, needed: Set[str]) -> None:
        read = list(self._variables(needed - self._written).values())
        with self.session.graph.as_default(), without_deprecations():
            report = v1.report_uninitialized_variables(read)
        names = [name.decode() for name in self.session.run(report)]
        if names:
            raise LoadError(
                f'signature "{signature_name}" reads variables that have no values: '
                f"{', '.join(names)}",
                "initialise or restore them before the export, with a saver that has them all",
            )

    def evaluate(self, names: Sequence[str]) -> List[Any]:
        """Return the values of tensors that depend on no input.

        Raises:
            LoadError: they do.
        """
        try:
            return self._step([], names)([])
        except tf.errors.OpError as error:
            raise LoadError(
                f"the zero states {', '.join(names)} cannot be evaluated: "
                f"{failures.first_line(error)}",
                "export the model with zero states that do not depend on its inputs",
            ) from error

    def _step(self, feeds: Sequence[str], fetches: Sequence[str]) -> Run:
        """Return a function from the values of ``feeds`` to those of ``fetches``.

        Args:
            feeds: names of tensors, such as ``x:0``; any tensor may be fed.
            fetches: names of tensors; one that is fed too is answered as it came.

        Raises:
            LoadError: the graph does not have such a tensor, or cannot feed it.
        """
        computed = [name for name in dict.fromkeys(fetches) if name not in feeds]
        try:
            run = self._callable(feeds, computed) if computed else _nothing
        except (tf.errors.OpError, ValueError, KeyError) as error:
            names = ", ".join([*feeds, *fetches])
            raise LoadError(
                f"the graph cannot compute {', '.join(fetches)} from {', '.join(feeds)}: "
                f"{failures.first_line(error)}",
                f"export the model again, with signatures whose tensors it has ({names})",
            ) from error
        return run if computed == list(fetches) else _spread(run, feeds, computed, fetches)

    def _callable(self, feeds: Sequence[str], fetches: List[str]) -> Run:
        # Not public, but what Keras's own backend used from 1.8 to 2.15: a fifth of the time of
        # session.run, which converts and checks what common has checked already.
        make = getattr(self.session, "_make_callable_from_options", None)
        if make is None:
            return self._slow_callable(feeds, fetches)
        function = make(config_pb2.CallableOptions(feed=feeds, fetch=fetches))
        return lambda values: list(function(*values))

    def _slow_callable(self, feeds: Sequence[str], fetches: List[str]) -> Run:
        """Do the same on TensorFlow 1.4 to 1.7."""
        tensor = self.session.graph.get_tensor_by_name
        keys, wanted = [tensor(name) for name in feeds], [tensor(name) for name in fetches]

        def run(values: Sequence[Any]) -> List[Any]:
            try:
                return list(self.session.run(wanted, dict(zip(keys, values))))
            except ValueError as error:  # a shape that the graph does not allow
                raise InvalidInput(str(error)) from error

        return run

    def close(self) -> None:
        """Release the graph, its variables and its threads."""
        self.session.close()


def _check_fed(signature: Signature, definition: Any, missing: List[str]) -> None:
    if not missing:
        return
    inputs = {str(it.name).partition(":")[0]: name for name, it in definition.inputs.items()}
    names = ", ".join(inputs.get(name, name) for name in missing)
    left_out = set(missing) <= set(inputs)
    raise LoadError(
        f'signature "{signature.name}" cannot run without {names}, '
        + ("which the contract leaves out" if left_out else "which is none of its inputs"),
        "add it to the contract's inputs"
        if left_out
        else "export it with all inputs, or with a "
        "default for what clients do not send (tf.placeholder_with_default)",
    )


def _session_variable(session: Any, variable: Any) -> Variable:
    initialise = variable.initializer
    return Variable(
        str(variable.op.name),
        session.run(variable),
        lambda value: session.run(initialise, {initialise.inputs[1]: value}),
    )


def _nothing(values: Sequence[Any]) -> List[Any]:
    return []


def _spread(run: Run, feeds: Sequence[str], computed: List[str], fetches: Sequence[str]) -> Run:
    """Answer fetches that are fed, or are there twice, which TensorFlow's callables refuse."""

    def run_and_spread(values: Sequence[Any]) -> List[Any]:
        known: Dict[str, Any] = dict(zip(feeds, values))
        known.update(zip(computed, run(values)))
        return [known[name] for name in fetches]

    return run_and_spread
