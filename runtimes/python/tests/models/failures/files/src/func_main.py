"""Does everything wrong that a model can do, one function each.

Exceptions have two arguments, since Python 3.6 writes those with one differently.
"""

import sys

from serving_runtime.errors import InvalidInput


class Colour(Exception):
    """An exception that says itself how it is written."""

    def __repr__(self):
        return "<no such colour: 'blue' (try \"red\")>"


def raises_two(x):
    """Raise a built-in exception."""
    raise ValueError("no such colour", "blue")


def raises_own(x):
    """Raise an exception with a text of its own."""
    raise Colour


def exits(x):
    """Leave, as a script would."""
    sys.exit(("over", 3))


def interrupts(x):
    """Raise what is no Exception."""
    raise KeyboardInterrupt("a", "b")


def raises_long(x):
    """Raise a message of 100 KB."""
    raise ValueError("x" * 100000, 1)


def raises_unicode(x):
    """Raise a message beyond ASCII, of several lines."""
    raise ValueError("größer als 5 €\n– 雪", 1)


def refuses(x):
    """Find fault with the caller's values."""
    raise InvalidInput(f"x must not be negative: row 0 is {x[0]}")


def returns_list(x):
    """Return no dict."""
    return [1.5, 2.0]


def returns_none(x):
    """Forget to return."""


def returns_long(x):
    """Return a long text."""
    return "x" * 100000


def forgets(x):
    """Return no output at all."""
    return {}


def misspells(x):
    """Return the output under another name."""
    return {"Y1": x, "z": x}


def gives_strings(x):
    """Return strings for numbers."""
    return {"y": ["a", "b"]}


def gives_matrix(x):
    """Return an axis too many."""
    return {"y": [[1.0, 2.0]]}


def gives_ragged(x):
    """Return rows of different lengths."""
    return {"y": [[1.0], [1.0, 2.0]]}


def gives_more(x):
    """Return an output that is not declared, beside one that is."""
    return {"y": x, "z": "not in the contract"}


def gives_too_large(x):
    """Return a value that float32 does not hold."""
    return {"y": [1.0, 1e300]}


def gives_objects(x):
    """Return what no tensor holds."""
    return {"y": [{}, None]}
