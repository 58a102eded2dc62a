"""Run the signatures of a SavedModel, and keep the state of a stateful one."""

from typing import Any, List, NamedTuple, Optional, Sequence, Tuple, Union

import numpy as np

from serving_runtime.model import Arrays
from serving_runtime.signature import Contract, Signature
from tensorflow_runtime import functions, messages, operations, signatures, state, values
from tensorflow_runtime.artefact import Artefact
from tensorflow_runtime.functions import Functions
from tensorflow_runtime.graph import Graph
from tensorflow_runtime.values import Convert, Run
from tensorflow_runtime.written import Written


class _Call(NamedTuple):
    """A signature, ready to run: inputs and state go in, outputs and the next state come out."""

    inputs: Tuple[Tuple[str, Convert], ...]
    outputs: Tuple[Tuple[str, Convert], ...]
    run: Run


class SavedModel:
    """The signatures of one export.

    Args:
        artefact: where it is.
        contract: the signatures, inputs and outputs that are wanted; None for all.
        intra_op_threads: for one operation; 0 leaves it to TensorFlow.
        inter_op_threads: operations at the same time; 0 leaves it to TensorFlow.

    Raises:
        LoadError: it cannot be read, loaded or run.
    """

    def __init__(
        self,
        artefact: Artefact,
        contract: Optional[Contract],
        intra_op_threads: int,
        inter_op_threads: int,
    ) -> None:
        meta_graph = messages.read_meta_graph(artefact.path)
        operations.check(meta_graph)
        self._parts = state.find(meta_graph)
        directory = artefact.path.parent
        self._zeros: List[Any] = []
        self._program: Union[Functions, Graph]
        if functions.has_objects(meta_graph):
            self._program = Functions(directory, meta_graph)
        else:
            self._program = Graph(directory, meta_graph, intra_op_threads, inter_op_threads)
            self._zeros = _kept(self._program.evaluate([part.zero for part in self._parts]))
        wanted = contract or _contract(meta_graph, artefact.version)
        self._calls = {
            signature.name: self._call(signature, meta_graph.signature_def[signature.name])
            for signature in wanted.signatures
        }
        self._state = self._zeros
        self._written = self._program.written()

    @property
    def stateful(self) -> bool:
        """Whether there is a state that is fed to calls."""
        return bool(self._parts)

    @property
    def written(self) -> Written:
        """What calls change in the model itself."""
        return self._written

    def run(self, signature_name: str, inputs: Arrays) -> Arrays:
        """Answer a call; the state moves on if it succeeds, and stays as it was if it fails."""
        call = self._calls[signature_name]
        fed = [convert(inputs[name]) for name, convert in call.inputs]
        fetched = call.run(fed + self._state)
        answer = {name: convert(value) for (name, convert), value in zip(call.outputs, fetched)}
        self._state = _kept(fetched[len(call.outputs) :])
        return answer

    def reset(self) -> None:
        """Return to the zero states, and the variables to the values that they were loaded with."""
        self._written.reset()
        self._state = self._zeros

    def close(self) -> None:
        """Release the graph."""
        self._program.close()

    def _call(self, signature: Signature, definition: Any) -> _Call:
        return _Call(
            tuple((field.name, values.feeder(field.dtype)) for field in signature.inputs),
            tuple((field.name, values.fetcher(field.dtype)) for field in signature.outputs),
            self._program.runner(signature, definition, self._parts),
        )


def infer_contract(artefact: Artefact) -> Contract:
    """Return what a SavedModel says of its signatures.

    Raises:
        LoadError: it cannot be read, or has no signature that can be served.
    """
    return _contract(messages.read_meta_graph(artefact.path), artefact.version)


def _contract(meta_graph: Any, version: int) -> Contract:
    fed = [part.fed for part in state.find(meta_graph)]
    return signatures.contract_of(meta_graph, version, fed)


def _kept(fetched: Sequence[Any]) -> List[Any]:
    """Copy the state: TensorFlow may answer with memory that is the request's."""
    return [np.array(value) for value in fetched]
