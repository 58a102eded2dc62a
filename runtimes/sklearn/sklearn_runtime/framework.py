"""Import scikit-learn for all modules: no more of it than any model needs."""

import sys
import warnings
from typing import Any, Container

from sklearn_runtime import docstrings

with warnings.catch_warnings():
    # Up to 0.24, on Python 3.6: deprecated imports, and the size of NumPy's objects, which is fine.
    warnings.simplefilter("ignore")
    with docstrings.unread():
        import sklearn

    warnings.simplefilter("ignore")  # again: importing it makes it show its own
    from sklearn.exceptions import NotFittedError

VERSION: str = sklearn.__version__


def is_own(estimator: Any, package: str, names: Container[str]) -> bool:
    """Whether it is of one of scikit-learn's own types, and not of one derived from it.

    The package is not imported for that: some take a fifth of the start, and what is not
    imported has no instances.

    Args:
        estimator: anything.
        package: such as ``sklearn.ensemble``.
        names: of the types in it.
    """
    kind = type(estimator)
    own = sys.modules.get(package)
    return kind.__name__ in names and kind is getattr(own, kind.__name__, None)


__all__ = ["VERSION", "NotFittedError", "is_own"]
