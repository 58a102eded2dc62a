"""Use Java's regular expressions, and split as Java does."""

import functools
import re
import sys
import unicodedata
from typing import Callable, List, Match, Pattern

from spark_runtime.unsupported import Unsupported

# Of Java's named classes those that are of ASCII.
_CLASSES = {
    "Lower": "a-z",
    "Upper": "A-Z",
    "Alpha": "a-zA-Z",
    "Digit": "0-9",
    "Alnum": "a-zA-Z0-9",
    "Punct": re.escape("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"),
    "Space": " \\t\\n\\x0b\\f\\r",
    "Blank": " \\t",
}
# An escaped backslash, a named class, or the ends of a class.
_PARTS = re.compile(r"(\\\\|\\[\[\]])|\\([pP])(?:\{(?:Is)?(\w+)\}|([A-Z]))|(\[)|(\])")
_CATEGORY = re.compile(r"^(?:[LMNPSZC]|[LMNPSZC][a-z])$")
# What Python does not know, or takes for something else.
_FOREIGN = re.compile(
    r"(?<!\\)(?:\\\\)*(?:\\[pPhHRXGQEkZzuN]|&&|\[[^\]\\]*\[|[*+?}]\+|\(\?<[a-zA-Z])"
)


@functools.lru_cache(maxsize=None)
def java_pattern(text: str) -> Pattern[str]:
    """Compile a pattern of Java's.

    Raises:
        Unsupported: Python has no such pattern, or means something else by it.
    """
    if _FOREIGN.search(_PARTS.sub(_masked, text)):
        raise Unsupported(f"its pattern {text!r} has what only Java's regular expressions have")
    try:
        return re.compile(_translated(text), re.ASCII)
    except re.error as error:
        raise Unsupported(f"its pattern {text!r} is none that Python can read: {error}") from None


def _masked(found: Match[str]) -> str:
    """Take the named classes that can be written out away, and leave the rest."""
    name = found.group(3) or found.group(4)
    return "x" if name and (name in _CLASSES or _CATEGORY.match(name)) else found.group()


def _translated(text: str) -> str:
    """Write out Java's named classes of characters."""
    is_inside = False

    def written(found: Match[str]) -> str:
        nonlocal is_inside
        _, kind, braced, single, opened, closed = found.groups()
        if kind is None:
            is_inside = bool(opened) or (is_inside and not closed)
            return found.group()
        characters = _characters(braced or single)
        if not is_inside:
            return f"[{'^' * (kind == 'P')}{characters}]"
        if kind == "P":
            raise Unsupported(f"its pattern {text!r} has {found.group()} inside of a class")
        return characters

    return _PARTS.sub(written, text)


def _characters(name: str) -> str:
    return _CLASSES[name] if name in _CLASSES else _of_category(name)


@functools.lru_cache(maxsize=None)
def _of_category(name: str) -> str:
    """Return the characters of one of Unicode's categories, as the inside of a class."""
    codes = range(sys.maxunicode + 1)
    marks = [unicodedata.category(chr(code)).startswith(name) for code in codes]
    starts = [code for code in codes if marks[code] and not (code and marks[code - 1])]
    ends = [code for code in codes if marks[code] and not (code + 1 in codes and marks[code + 1])]
    return "".join(f"\\U{first:08x}-\\U{last:08x}" for first, last in zip(starts, ends))


def java_splitter(pattern: Pattern[str]) -> Callable[[str], List[str]]:
    """Return what splits as Java does: without the empty texts at the end."""
    is_plain = pattern.pattern in _WIDE
    cut = pattern.split if is_plain else functools.partial(_between, pattern)

    def split(text: str) -> List[str]:
        words = cut(text)
        if len(words) > 1:
            while words and not words[-1]:
                words.pop()
        return words

    return split


# By these Python splits as Java does: what they match has a width, and no group is kept.
_WIDE = (r"\s", r"\s+", r"\W", r"\W+", ",", " ")


def _between(pattern: Pattern[str], text: str) -> List[str]:
    words, last = [], 0
    for found in pattern.finditer(text):
        is_empty = found.end() == found.start()
        if found.end() == 0 or (is_empty and found.start() >= len(text)):
            continue  # Java has no empty word before the first match, if that is empty
        words.append(text[last : found.start()])
        last = found.end()
    return [*words, text[last:]]
