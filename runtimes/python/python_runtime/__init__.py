"""Declare, cheaply, what the Python runtime can be set to and which models are its own."""

from pathlib import Path
from typing import Tuple

from serving_runtime.settings import Setting, parsing

SETTINGS: Tuple[Setting, ...] = (
    Setting(
        "RUNTIME_PYTHON_STYLE",
        "python_style",
        parsing.one_of("auto", "arrays", "messages"),
        "auto",
        "What `func_main.py`'s functions take and return: `arrays` (NumPy arrays in, a dict of "
        "arrays out) or `messages` (`TensorProto` in, `PredictResponse` out); `auto` tells by "
        "looking at each function.",
    ),
)

# A function may call whatever was installed beside it; of TensorFlow a worker gets its share too.
THREAD_VARIABLES = ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS")

# No FORKS: what the user's module makes when it is imported and in load(), such as a generator of
# random numbers or a temporary folder, must be one worker's only. So each imports it by itself.


def recognises(files: Path) -> bool:
    """Whether ``files`` hold a ``func_main.py`` where this runtime looks for it."""
    return any((files / place).is_file() for place in ("src/func_main.py", "func_main.py"))
