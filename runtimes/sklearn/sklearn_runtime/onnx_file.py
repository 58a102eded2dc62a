"""Serve ONNX models with onnxruntime: names, dtypes and shapes are the model's own."""

from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple

import numpy as np

from serving_runtime.errors import InvalidInput, LoadError
from serving_runtime.framework.artefacts import Artefact
from serving_runtime.model import Arrays
from serving_runtime.signature import FREE, Contract, Field, Nullable, Shape, Signature
from sklearn_runtime.options import Options

SIGNATURE = "predict"
# How onnxruntime names what it takes and gives; what is not here cannot be sent.
_SAME_NAMES = (
    "bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64",
    "float16", "complex64", "complex128", "string",
)  # fmt: skip
_DTYPES = {f"tensor({name})": name for name in _SAME_NAMES}
_DTYPES.update({"tensor(float)": "float32", "tensor(double)": "float64"})
# What converters make of probabilities by default (zipmap): a dict by class for each row.
_MAPS = {"seq(map(int64,tensor(float)))": "float32", "seq(map(string,tensor(float)))": "float32"}


class OnnxProgram:
    """An ONNX model in a session of onnxruntime's."""

    def __init__(self, session: Any) -> None:
        self._session = session
        self._outputs: Dict[str, List[str]] = {}

    def contract(self, declared: Optional[Contract]) -> Contract:
        """Return the model's own fields, under each declared signature's name if there are any."""
        own = Signature(
            SIGNATURE, _fields(self._session.get_inputs()), _fields(self._session.get_outputs())
        )
        if declared is None:
            return Contract("", (own,))
        named = tuple(own._replace(name=signature.name) for signature in declared.signatures)
        return declared._replace(signatures=named)

    def serve(self, contract: Contract) -> None:
        """Get ready to answer the signatures of a contract."""
        for signature in contract.signatures:
            self._outputs[signature.name] = [field.name for field in signature.outputs]

    def nullable(self, signature: Signature) -> Tuple[Nullable, ...]:
        """Return the columns of floats: ONNX has no other missing value than NaN."""
        return signature.nullable_floats

    def samples(self, signature: Signature) -> Mapping[str, Any]:
        """Return nothing: a graph does not show what it refuses."""
        return {}

    def run(self, signature_name: str, arrays: Arrays) -> Arrays:
        """Answer a request.

        Raises:
            InvalidInput: onnxruntime says that the arguments are at fault.
        """
        from onnxruntime.capi.onnxruntime_pybind11_state import InvalidArgument

        names = self._outputs[signature_name]
        try:
            results = self._session.run(names, arrays)
        except InvalidArgument as error:
            raise InvalidInput(str(error)) from error
        return {name: _array(result) for name, result in zip(names, results)}


def load(artefact: Artefact, options: Options) -> OnnxProgram:
    """Load the model.

    Raises:
        LoadError: it takes or gives what cannot be sent.
    """
    import onnxruntime

    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = options.threads
    session = onnxruntime.InferenceSession(
        artefact.content, settings, providers=["CPUExecutionProvider"]
    )
    _check_servable(artefact, (*session.get_inputs(), *session.get_outputs()))
    return OnnxProgram(session)


def _check_servable(artefact: Artefact, nodes: Tuple[Any, ...]) -> None:
    for node in nodes:
        if node.type not in _DTYPES and node.type not in _MAPS:
            raise LoadError(
                f'{artefact.path}: "{node.name}" is of type {node.type}, which cannot be sent',
                "convert the model anew, to tensors of numbers or strings only",
            )


def _fields(nodes: Sequence[Any]) -> Tuple[Field, ...]:
    return tuple(map(_field, nodes))


def _field(node: Any) -> Field:
    if node.type in _MAPS:
        return Field(node.name, _MAPS[node.type], (FREE, FREE))
    return Field(node.name, _DTYPES[node.type], _shape(node.shape))


def _shape(sizes: Sequence[Any]) -> Shape:
    """Free axes have a name or nothing for a size; no axes may mean that nothing is known."""
    if not sizes:
        return None
    return tuple(size if isinstance(size, int) and size >= 0 else FREE for size in sizes)


def _array(result: Any) -> np.ndarray:
    """Return an array; of dicts by class, sorted by class, the probabilities."""
    if isinstance(result, list):
        return np.array([list(row.values()) for row in result], np.float32)
    return np.asarray(result)
