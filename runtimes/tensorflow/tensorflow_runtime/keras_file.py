"""Serve a model that Keras saved in its own format, a ``.keras`` file."""

import functools
import json
import re
import zipfile
from pathlib import Path
from typing import Any, List, Mapping, NamedTuple, Tuple

from serving_runtime import logs
from serving_runtime.errors import LoadError, one_line
from serving_runtime.model import Arrays
from serving_runtime.signature import NUMPY_DTYPES, Contract, Field, Shape, Signature
from tensorflow_runtime import values
from tensorflow_runtime.artefact import Artefact
from tensorflow_runtime.framework import VERSION, allow_growth, tf, without_deprecations
from tensorflow_runtime.written import of_functions

logger = logs.get_logger(__name__)

SIGNATURE = "serving_default"
METHOD = "tensorflow/serving/predict"
_EXPORT = "export it as a SavedModel instead: model.export(path), or tf.saved_model.save"


class _Traced(NamedTuple):
    """A model as one function of flat tensors, with a name for each."""

    function: Any
    inputs: List[str]
    outputs: List[str]


class KerasFile:
    """A Keras model, with the one signature ``serving_default``.

    Threads need not be set here: where ``.keras`` files are known, TensorFlow itself reads
    ``TF_NUM_INTRAOP_THREADS`` and ``TF_NUM_INTEROP_THREADS``.

    Args:
        artefact: where it is.

    Raises:
        LoadError: it cannot be read, or does not say what it takes.
    """

    stateful = False

    def __init__(self, artefact: Artefact) -> None:
        _check_known(artefact.path)
        allow_growth()
        traced = _trace(_loaded(artefact.path), artefact.path)
        self._function = traced.function
        # The states of a stateful layer, for instance.
        self.written = of_functions([traced.function])
        inputs = _fields(traced.inputs, traced.function.inputs)
        outputs = _fields(traced.outputs, traced.function.outputs)
        signature = Signature(SIGNATURE, inputs, outputs, METHOD)
        self.contract = Contract("", (signature,), artefact.version)
        self._inputs = [(field.name, values.feeder(field.dtype)) for field in inputs]
        self._outputs = [(field.name, values.fetcher(field.dtype)) for field in outputs]

    def run(self, signature_name: str, inputs: Arrays) -> Arrays:
        """Answer a call; there is one signature only."""
        tensors = [tf.constant(convert(inputs[name])) for name, convert in self._inputs]
        results = self._function(*tensors)
        return {
            name: convert(result.numpy()) for (name, convert), result in zip(self._outputs, results)
        }

    def reset(self) -> None:
        """Give the variables that calls change the values that they were loaded with."""
        self.written.reset()

    def close(self) -> None:
        """Forget the model, which the next load would otherwise get again."""
        load.cache_clear()


@functools.lru_cache(maxsize=1)
def load(artefact: Artefact) -> KerasFile:
    """Load a ``.keras`` file, once for its contract and for serving it.

    Raises:
        LoadError: it cannot be read, or does not say what it takes.
    """
    return KerasFile(artefact)


def _check_known(path: Path) -> None:
    if VERSION < (2, 12):
        raise LoadError(
            f"TensorFlow {tf.__version__} does not know the format of {path.name}, which is of "
            "Keras 2.12 and newer: the newest that it knows is a SavedModel",
            f"{_EXPORT}; or serve it from an image of TensorFlow 2.12 or newer",
        )


def _loaded(path: Path) -> Any:
    """Load the model with Keras's safe mode on, so that no code of the file's is run."""
    made_with = _keras_version(path)
    try:
        with without_deprecations():
            return tf.keras.models.load_model(str(path), compile=False)
    except (ValueError, TypeError, KeyError, OSError, RuntimeError, tf.errors.OpError) as error:
        fix = _fix(str(error), made_with)
        if not fix:
            logger.error("loading %s failed", path, exc_info=error)
        raise LoadError(
            f"TensorFlow {tf.__version__} cannot load {path}, which Keras {made_with} saved: "
            f"{one_line(str(error), 400)}",
            fix or "the log has the traceback",
        ) from error


def _fix(text: str, made_with: str) -> str:
    """Return what mends the cause: code of the user's own, or another Keras; empty for others."""
    if re.search(r"(?i)lambda|custom|register_keras_serializable|safe_mode|unknown layer", text):
        return f"it has layers or code that are not Keras's own: {_EXPORT}"
    if made_with.split(".")[:2] != str(tf.keras.__version__).split(".")[:2]:
        return f"serve it from an image with Keras {made_with}; or {_EXPORT}"
    return ""


def _keras_version(path: Path) -> str:
    try:
        with zipfile.ZipFile(str(path)) as archive:
            metadata = json.loads(archive.read("metadata.json").decode("utf-8"))
    except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise LoadError(
            f"{path} cannot be read as a .keras file, it is cut short or something else: {error}",
            "save or copy the model again",
        ) from None
    return str(metadata.get("keras_version", "of an unknown version"))


def _trace(model: Any, path: Path) -> _Traced:
    if not getattr(model, "inputs", None):
        raise LoadError(f"the model in {path} does not say what it takes", _EXPORT)
    is_sequential = isinstance(model, tf.keras.Sequential)
    structure = model.inputs[0] if is_sequential else model.input
    tensors = tf.nest.flatten(structure)
    specs = tuple(tf.TensorSpec(tensor.shape, tensor.dtype) for tensor in tensors)
    outputs: List[str] = []

    kinds: List[str] = []

    def call(*flat: Any) -> List[Any]:
        result = model(tf.nest.pack_sequence_as(structure, flat), training=False)
        outputs[:] = _output_names(model, result)
        results = list(tf.nest.flatten(result))
        kinds[:] = [type(it).__name__ for it in results if not isinstance(it, tf.Tensor)]
        return results

    with without_deprecations():
        function = tf.function(call, input_signature=specs).get_concrete_function()
    if kinds:
        raise LoadError(
            f"the model in {path} answers with {', '.join(kinds)}, which no reply can carry",
            "let its last layers give dense tensors",
        )
    return _Traced(function, _input_names(structure, tensors), outputs)


def _input_names(structure: Any, tensors: List[Any]) -> List[str]:
    if isinstance(structure, Mapping):
        return sorted(structure)
    return [str(tensor.name) for tensor in tensors]


def _output_names(model: Any, result: Any) -> List[str]:
    if isinstance(result, Mapping):
        return sorted(result)
    # Keras 3's Sequential models have no names of outputs.
    names = list(getattr(model, "output_names", None) or [model.layers[-1].name])
    # A layer may give several outputs. Keras 2 tells them apart like this; Keras 3 does not.
    earlier = [names[:index].count(name) for index, name in enumerate(names)]
    return [f"{name}_{count}" if count else name for name, count in zip(names, earlier)]


def _fields(names: List[str], tensors: List[Any]) -> Tuple[Field, ...]:
    return tuple(map(_field, names, tensors))


def _field(name: str, tensor: Any) -> Field:
    dtype = str(tensor.dtype.name)
    if dtype not in NUMPY_DTYPES:
        raise LoadError(f'"{name}" of the model is of dtype {dtype}, which no request can carry')
    return Field(name, dtype, _shape(tensor.shape), tensor=str(tensor.name))


def _shape(shape: Any) -> Shape:
    if shape.rank is None:
        return None
    return tuple(-1 if size is None else int(size) for size in shape.as_list())
