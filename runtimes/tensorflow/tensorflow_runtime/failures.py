"""Shorten what TensorFlow says of a failure to the line that explains it."""

import re
from pathlib import Path

from serving_runtime import logs
from serving_runtime.errors import LoadError
from tensorflow_runtime.framework import tf

logger = logs.get_logger(__name__)

# What TensorFlow's own loaders raise for files that are missing, damaged or too new.
LOADING = (tf.errors.OpError, ValueError, TypeError, KeyError, OSError)

# What it says of graphs that a newer TensorFlow has made.
_NEWER = re.compile(
    r"binary is too old|binary older than|Op type not registered|not in Op<|producer version"
    r"|unknown enum|is not a known dtype|Unknown proto",
    re.IGNORECASE,
)

# What it says of files that are not there, as a wrong argument or value.
_LOST = re.compile(r"not a valid checkpoint|Failed to get matching files|No such file")

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
    """Return what stops the start if a SavedModel cannot be loaded; its cause decides the fix."""
    fix = _fix(directory, error)
    if not fix:
        logger.error("loading %s failed", directory, exc_info=error)
    return LoadError(
        f"TensorFlow {tf.__version__} cannot load the SavedModel in {directory}: "
        f"{first_line(error)}",
        fix or "the log has the traceback",
    )


def _fix(directory: Path, error: Exception) -> str:
    """Return what mends the cause; empty if that is not known."""
    if _NEWER.search(str(error)):
        return "serve it from the image of the version that exported it, or a newer one"
    lost = (tf.errors.NotFoundError, tf.errors.DataLossError, tf.errors.OutOfRangeError, OSError)
    if isinstance(error, lost) or _LOST.search(str(error)):
        return (
            f"copy or export it again, with all of {directory}/variables and {directory}/assets: "
            "a file is missing, cut short or changed"
        )
    return ""
