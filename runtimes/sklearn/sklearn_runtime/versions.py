"""Compare the scikit-learn that saved a model with the one that is installed here."""

import contextlib
import re
import warnings
from pathlib import Path
from typing import Iterator

from serving_runtime import logs
from serving_runtime.errors import LoadError
from sklearn_runtime.framework import VERSION
from sklearn_runtime.options import REFUSE

logger = logs.get_logger(__name__)

# scikit-learn puts its version into each estimator's state. In a pickle a few opcodes stand between
# the two strings; in skops' schema a JSON object.
_NUMBER = rb"(\d+\.\d+(?:\.\d+)*(?:\.?(?:a|b|rc|dev|post)\d+)?)"
_IN_PICKLE = re.compile(rb"_sklearn_version.{1,12}?" + _NUMBER, re.DOTALL)
_IN_SCHEMA = re.compile(rb'"_sklearn_version": ?\{[^{}]*"content": ?"\\"' + _NUMBER)
_IN_WARNING = re.compile(r".*unpickle estimator .* from version (\S+) when using version")


def recorded_in(content: bytes) -> str:
    """Return the version that saved a file; empty where it cannot be seen, as if compressed."""
    found = _IN_PICKLE.search(content) or _IN_SCHEMA.search(content)
    return found.group(1).decode() if found else ""


def hint(content: bytes) -> str:
    """Return that another version may be why it failed; empty if it is the same one."""
    recorded = recorded_in(content)
    return f"; {_difference(recorded)}" if recorded and not _fits(recorded) else ""


@contextlib.contextmanager
def checked(path: Path, recorded: str, policy: str) -> Iterator[None]:
    """Compare versions, load what the context loads, and compare again if only that tells.

    Args:
        path: of the file, for messages.
        recorded: the version that the file says; empty if it does not.
        policy: ``warn`` or ``refuse``.

    Raises:
        LoadError: the versions differ, and the policy refuses that.
    """
    compare(path, recorded, policy)
    with warnings.catch_warnings(record=True) as caught:
        warnings.filterwarnings("always", message=_IN_WARNING.pattern)
        yield
    for warning in caught:
        found = _IN_WARNING.search(str(warning.message))
        if found is None:
            logger.warning("loading %s: %s", path, warning.message)
        elif not recorded:  # one says it; there may be one for each of a thousand trees
            recorded = found.group(1)
            compare(path, recorded, policy)


def compare(path: Path, recorded: str, policy: str) -> None:
    """Warn of a version that does not fit, or refuse it; an empty one is not known.

    Raises:
        LoadError: it does not fit, and the policy refuses that.
    """
    if not recorded or _fits(recorded):
        return
    problem = f"{path}: {_difference(recorded)}"
    fix = (
        f"serve it from hydrosphere/serving-runtime-sklearn:{recorded}-latest, or another tag of "
        f"{_minor(recorded)}; or save it again with {VERSION}"
    )
    if policy == REFUSE:
        raise LoadError(problem, f"{fix}; RUNTIME_VERSION_SKEW=warn serves it anyway")
    logger.warning("%s, so its answers may be wrong; %s", problem, fix)


def _difference(recorded: str) -> str:
    return f"it was saved by scikit-learn {recorded}, and here is {VERSION}"


def _fits(recorded: str) -> bool:
    """Take two versions for the same that differ in the last number: those mend faults only."""
    return _minor(recorded) == _minor(VERSION)


def _minor(version: str) -> str:
    return ".".join(version.split(".")[:2])
