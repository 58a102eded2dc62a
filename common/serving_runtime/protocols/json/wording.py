"""Show values and places of a JSON text in messages."""

from typing import Any, Sequence

_MAX_CHARACTERS = 60
_CONSTANTS = {None: "null", True: "true", False: "false"}


def shown(value: Any) -> str:
    """Return a value as it stands in JSON, cut short; of objects and lists only what they are."""
    if value is None or value is True or value is False:
        return _CONSTANTS[value]
    if isinstance(value, str):
        return f'"{_cut(value)}"'
    if isinstance(value, (int, float)):
        return _number(value)
    return "a list" if hasattr(value, "__getitem__") and not hasattr(value, "keys") else "an object"


def index_text(shape: Sequence[int], number: int) -> str:
    """Return the indices of an element of an array, ``[0][2]``, by its number in C order."""
    indices = []
    for size in reversed(shape):
        number, index = divmod(number, size)
        indices.append(f"[{index}]")
    return "".join(reversed(indices))


def _number(value: Any) -> str:
    if isinstance(value, int) and value.bit_length() > 4 * _MAX_CHARACTERS:
        return "a number of too many digits"
    return repr(value)


def _cut(text: str) -> str:
    return text if len(text) <= _MAX_CHARACTERS else f"{text[:_MAX_CHARACTERS]}..."
