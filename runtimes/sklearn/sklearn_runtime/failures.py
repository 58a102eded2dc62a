"""Explain why a file could not be loaded, and whose fault a failed call is."""

import contextlib
from types import TracebackType
from typing import Iterator, Optional

from serving_runtime import logs
from serving_runtime.errors import LoadError, one_line
from serving_runtime.framework.artefacts import Artefact
from serving_runtime.framework.unpickling import said
from sklearn_runtime import causes, versions

logger = logs.get_logger(__name__)

_PROBLEM_BYTES = 600

# Where scikit-learn looks at a caller's values: NaN, infinity, text for numbers, new categories.
_VALIDATION = (
    "sklearn.utils.validation",
    "sklearn.preprocessing._encoders",
    "sklearn.preprocessing.data",  # _encoders before 0.20
)
_UNKNOWN_CATEGORY = "category not in the training set"


@contextlib.contextmanager
def explained(artefact: Artefact, what: str) -> Iterator[None]:
    """Turn whatever loading the file raises into a LoadError.

    Args:
        artefact: the file.
        what: it is taken for, such as ``a pickle``.
    """
    try:
        yield
    except LoadError:
        raise
    except Exception as error:
        cause = causes.find(error, artefact, what)
        if cause is not None:
            problem = one_line(f"{artefact.path} {cause.problem}", limit_bytes=_PROBLEM_BYTES)
            raise LoadError(problem, cause.fix) from error
        # The innermost frames may be anybody's: only the traceback shows the cause.
        logger.error("loading %s failed", artefact.path, exc_info=True)
        reason = one_line(said(error), limit_bytes=300) + versions.hint(artefact.content)
        raise LoadError(
            f"{artefact.path} cannot be loaded as {what}: {reason}",
            "the log has the traceback",
        ) from error


def is_of_values(error: ValueError) -> bool:
    """Whether scikit-learn's own checks of a caller's values have raised it, or XGBoost's."""
    if type(error).__name__ == "XGBoostError" and _UNKNOWN_CATEGORY in str(error):
        return True
    trace: Optional[TracebackType] = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_globals.get("__name__") in _VALIDATION:
            return True
        trace = trace.tb_next
    return False
