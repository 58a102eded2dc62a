"""Declare, cheaply, what the TensorFlow runtime can be set to and which models it knows."""

from pathlib import Path
from typing import Dict, Tuple

from serving_runtime.settings import Setting, parsing

LIBRARY = "tensorflow"

# The variables are TensorFlow's own, so what is set for it elsewhere holds here too. Workers are
# started with both at their share of the container's CPUs (RUNTIME_THREADS).
SETTINGS: Tuple[Setting, ...] = (
    Setting(
        "TF_NUM_INTRAOP_THREADS",
        "intra_op_threads",
        parsing.COUNT,
        "0",
        "Threads that one operation of a TensorFlow graph may use; workers get their share of the "
        "CPUs, as with `OMP_NUM_THREADS`, and 0 leaves it to TensorFlow.",
    ),
    Setting(
        "TF_NUM_INTEROP_THREADS",
        "inter_op_threads",
        parsing.COUNT,
        "0",
        "Operations of a TensorFlow graph that may run at the same time; workers get their share "
        "of the CPUs, as with `OMP_NUM_THREADS`, and 0 leaves it to TensorFlow.",
    ),
)

# TensorFlow has pools of its own, and does not look at OMP_NUM_THREADS for them.
THREAD_VARIABLES = ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS")

# TF_ENABLE_ONEDNN_OPTS is left to TensorFlow (on since 2.9 on x86): the speed is wanted, and the
# rounding differs no more than between two versions of TensorFlow. Setting it to 0 works.
ENVIRONMENT: Dict[str, str] = {
    # Warnings and errors are logged; what TensorFlow says of the processor at each start is not,
    # but for one line on oneDNN that newer versions write before they read any variable.
    "TF_CPP_MIN_LOG_LEVEL": "1",
    # absl, which 1.15 and newer import, asks for a folder for tests at once, and finds none in a
    # read-only container.
    "TEST_TMPDIR": "/tmp",  # noqa: S108  nothing is written there
    # Keras 3 runs on other frameworks too, and a .keras file does not say on which.
    "KERAS_BACKEND": "tensorflow",
    # HDF5 would load plug-ins from folders that it searches (CVE-2026-2492, which TensorFlow mended
    # in 2.21 by this); Keras's own files need none.
    "HDF5_PLUGIN_PATH": "disable",
}

SAVED_MODEL_NAMES = ("saved_model.pb", "saved_model.pbtxt")


def recognises(files: Path) -> bool:
    """Whether ``files`` hold a SavedModel, versions of one, or a ``.keras`` file."""
    return any(
        any(files.glob(pattern + name))
        for pattern in ("", "[0-9]*/")
        for name in (*SAVED_MODEL_NAMES, "*.keras")
    )
