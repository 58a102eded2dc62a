"""The page that shows what the model is and has a form to call it: three files, and no more.

A browser gets them from the service itself, and nothing from anywhere else.
"""

import pkgutil
from typing import NamedTuple

# Scripts, styles and calls of the service itself; no other page may show this one in a frame.
POLICY = (
    "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)


class File(NamedTuple):
    """One of the files, and its content type."""

    content_type: str
    body: bytes


def read(name: str, content_type: str) -> File:
    """Return a file of this folder."""
    body = pkgutil.get_data(__name__, name)
    assert body is not None, name  # noqa: S101  only loaders that have no data return None
    return File(f"{content_type}; charset=utf-8", body)


def html() -> File:
    """Return the page."""
    return read("page.html", "text/html")


def script() -> File:
    """Return what makes it move."""
    return read("page.js", "text/javascript")


def style() -> File:
    """Return what it looks like."""
    return read("page.css", "text/css")
