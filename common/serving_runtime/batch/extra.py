"""Import what the extra ``[batch]`` brings, or say how to get it."""

import importlib
from typing import Any

from serving_runtime.errors import StartError

_OLDEST_ARROW = 14


def require(module: str, extra: str = "batch") -> Any:
    """Return a module of the extra.

    Raises:
        StartError: it is not installed, or too old.
    """
    try:
        found = importlib.import_module(module)
    except ModuleNotFoundError as error:
        raise StartError(
            f"batch scoring needs {error.name}, which is not installed here",
            f"pip install 'serving-runtime[{extra}]'",
        ) from None
    if module == "pyarrow" and int(found.__version__.partition(".")[0]) < _OLDEST_ARROW:
        raise StartError(
            f"batch scoring needs pyarrow {_OLDEST_ARROW} or newer, here is {found.__version__}",
            f"pip install 'serving-runtime[{extra}]'",
        )
    return found
