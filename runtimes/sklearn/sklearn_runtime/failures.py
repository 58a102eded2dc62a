"""Explain why a file could not be loaded, and whose fault a failed call is."""

import contextlib
from types import TracebackType
from typing import Iterator, Optional

from serving_runtime.errors import LoadError, one_line
from serving_runtime.framework.artefacts import Artefact
from sklearn_runtime import versions

# Where scikit-learn looks at a caller's values: NaN, infinity, text for numbers, new categories.
_VALIDATION = (
    "sklearn.utils.validation",
    "sklearn.preprocessing._encoders",
    "sklearn.preprocessing.data",  # _encoders before 0.20
)
_DERIVED = "serve it from an image of your own that installs it: FROM this one, RUN pip install"
_OTHER_VERSION = "serve it from the image of the scikit-learn that saved it, or save it again"


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
    except ModuleNotFoundError as error:
        raise LoadError(
            f'{artefact.path} needs the module "{error.name}", which is not installed here'
            + versions.hint(artefact.content),
            _OTHER_VERSION if str(error.name).startswith("sklearn.") else _DERIVED,
        ) from error
    except Exception as error:
        reason = one_line(f"{type(error).__name__}: {error}", limit_bytes=300)
        raise LoadError(
            f"{artefact.path} cannot be loaded as {what} ({len(artefact.content)} bytes): {reason}"
            + versions.hint(artefact.content),
            "check that the file is whole, and that its suffix says what it was saved as",
        ) from error


def is_of_values(error: ValueError) -> bool:
    """Whether scikit-learn's own checks of a caller's values have raised it."""
    trace: Optional[TracebackType] = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_globals.get("__name__") in _VALIDATION:
            return True
        trace = trace.tb_next
    return False
