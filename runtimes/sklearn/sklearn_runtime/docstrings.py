"""Spare the start what SciPy does to its own docstrings, which are not read in a service."""

import contextlib
import importlib
from typing import Iterator


@contextlib.contextmanager
def unread() -> Iterator[None]:
    """Make SciPy take its docstrings for empty while it is imported, as they are with ``-OO``.

    It takes thousands of them apart to add notes: a sixth of importing scikit-learn 1.9. Versions
    of SciPy that do not, or that do it elsewhere, are left alone.
    """
    try:
        parser = importlib.import_module("scipy._lib._docscrape").NumpyDocString
        parse = parser._parse
    except (ImportError, AttributeError):
        yield
        return
    parser._parse = lambda self: None
    try:
        yield
    finally:
        parser._parse = parse
