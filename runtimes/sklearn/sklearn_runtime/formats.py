"""Choose the format by the file's suffix, and load the file in that format only."""

import importlib.util
from pathlib import Path
from typing import Any, Callable, Dict, NamedTuple, Union

from serving_runtime.errors import LoadError
from serving_runtime.framework import artefacts
from serving_runtime.framework.artefacts import Artefact
from sklearn_runtime import SUFFIXES, failures, joblib_file, onnx_file, pickle_file, skops_file
from sklearn_runtime.estimator import EstimatorProgram
from sklearn_runtime.onnx_file import OnnxProgram
from sklearn_runtime.options import Options

Program = Union[EstimatorProgram, OnnxProgram]


class Format(NamedTuple):
    """How files of one format are loaded, and which package that takes beyond scikit-learn."""

    name: str
    load: Callable[[Artefact, Options], Any]
    package: str = ""
    is_pickle: bool = False


_PICKLE = Format("a pickle", pickle_file.load, is_pickle=True)

FORMATS: Dict[str, Format] = {
    ".skops": Format("a skops file", skops_file.load, "skops"),
    ".joblib": Format("a joblib file", joblib_file.load, is_pickle=True),
    ".pkl": _PICKLE,
    ".pickle": _PICKLE,
    ".cloudpickle": Format("a cloudpickle", pickle_file.load, "cloudpickle", is_pickle=True),
    ".onnx": Format("an ONNX model", onnx_file.load, "onnxruntime"),
}


def open_model(files: Path, options: Options) -> Program:
    """Find the model's file, check that it may be loaded, and load it.

    Raises:
        LoadError: there is no such file or several, it is not allowed, or it cannot be loaded.
    """
    path = artefacts.find(files, SUFFIXES, options.model_file)
    chosen = FORMATS[path.suffix.lower()]
    _require(path, chosen)
    artefact = artefacts.read(path, options.model_sha256)
    if chosen.is_pickle:
        artefacts.admit_pickle(artefact, options.allow_pickle, "save the model as .skops")
    with failures.explained(artefact, chosen.name):
        loaded = chosen.load(artefact, options)
    return loaded if isinstance(loaded, OnnxProgram) else EstimatorProgram(loaded, path)


def _require(path: Path, chosen: Format) -> None:
    package = chosen.package
    if package and importlib.util.find_spec(package) is None:
        raise LoadError(
            f"{path} is {chosen.name}, and {package} is not installed here: expected an image "
            "that has it",
            f"serve it from a newer image, or from one of your own that installs {package}",
        )
