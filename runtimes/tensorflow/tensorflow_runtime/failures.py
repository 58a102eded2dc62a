"""Shorten what TensorFlow says of a failure to the line that explains it."""

import re
from pathlib import Path

from serving_runtime import logs
from serving_runtime.errors import LoadError
from tensorflow_runtime.framework import tf

logger = logs.get_logger(__name__)

# What its readers raise for files that are missing or cut short.
_OF_FILES = (
    tf.errors.NotFoundError,
    tf.errors.DataLossError,
    tf.errors.OutOfRangeError,
    OSError,
)
_NAMES_FILES = re.compile(r"/variables|valid checkpoint")
# What TensorFlow's own loaders raise for files that are missing, damaged or too new.
LOADING = (tf.errors.OpError, ValueError, TypeError, KeyError, OSError)

# What stands before the line that explains it, and around it.
_NOISE = re.compile(
    r"^\s*$|root error\(s\) found|^Graph execution error|^Detected at node|^\s*<stack traces"
    r"|^\s*File \"|^\s*\[\[|^Restoring from checkpoint failed"
)
_PREFIX = re.compile(r"^\s*(\(\d+\)\s*)?((Invalid argument|INVALID_ARGUMENT): ?)*")
# TensorFlow 2.x puts the Python stack of where a node was made before it.
_AFTER_STACK = re.compile(r"\nNode: .*\n")


def first_line(error: Exception) -> str:
    """Return the first line of ``error`` that says what is wrong, without the graph's nodes."""
    text = _AFTER_STACK.split(str(getattr(error, "message", error)))[-1]
    for line in text.splitlines():
        details = _PREFIX.sub("", line).split("[[")[0].strip()
        if details and not _NOISE.search(line):
            return details
    return text


def not_loaded(directory: Path, error: Exception) -> LoadError:
    """Return what stops the start if a SavedModel cannot be loaded."""
    fix = f"copy or export it again, with all of {directory}/variables"
    if not (isinstance(error, _OF_FILES) or _NAMES_FILES.search(str(error))):
        # Of anything else only the traceback shows the cause.
        logger.error("loading %s failed", directory, exc_info=error)
        fix = "the log has the traceback"
    return LoadError(
        f"TensorFlow {tf.__version__} cannot load the SavedModel in {directory}: "
        f"{first_line(error)}",
        fix,
    )
