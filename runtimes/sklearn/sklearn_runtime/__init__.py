"""Declare, cheaply, what the scikit-learn runtime can be set to and which files it has."""

from pathlib import Path
from typing import Tuple

from serving_runtime.framework import artefacts
from serving_runtime.settings import Setting, parsing
from serving_runtime.settings.parsing import Parser

LIBRARY = "sklearn"

SUFFIXES = (".skops", ".joblib", ".pkl", ".pickle", ".cloudpickle", ".onnx")


def _names(text: str) -> Tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


def _first_count(text: str) -> int:
    """Read what OpenMP reads: a number, or one for each level of nesting."""
    return int(text.partition(",")[0])


SETTINGS: Tuple[Setting, ...] = (
    *artefacts.SETTINGS,
    Setting(
        "RUNTIME_TRUSTED_TYPES",
        "trusted_types",
        Parser(_names, "names of types, separated by commas"),
        "",
        "Types that a `.skops` file may have beside those that skops trusts, such as "
        "`my_package.MyTransformer`.",
    ),
    Setting(
        "RUNTIME_VERSION_SKEW",
        "version_skew",
        parsing.one_of("warn", "refuse"),
        "warn",
        "What to do with a model that was saved by another minor version of its framework: `warn` "
        "in the log, or `refuse` to start.",
    ),
    # Workers are started with it at their share of the container's CPUs (RUNTIME_THREADS). Others
    # read it themselves; onnxruntime must be configured.
    Setting(
        "OMP_NUM_THREADS",
        "threads",
        Parser(_first_count, "a whole number"),
        "0",
        "Threads that one call may use; workers get their share of the CPUs, and 0 leaves it to "
        "the library.",
    ),
)

# A step of a pipeline may be a network of Keras's, behind scikit-learn's interface.
THREAD_VARIABLES = ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS")

# Importing it, and loading a model, starts no threads but those of OpenBLAS, which minds forks.
FORKS = True


def recognises(files: Path) -> bool:
    """Whether ``files`` hold a model's file, and no code: code would be what is to be served."""
    has_code = any((files / place).is_file() for place in ("func_main.py", "src/func_main.py"))
    return not has_code and bool(artefacts.candidates(files, SUFFIXES))
