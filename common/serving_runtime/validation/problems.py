"""Word what is wrong with a request or a result, all of it in one line, field by field."""

from typing import List, Sequence

from serving_runtime.errors import nearest
from serving_runtime.signature import MAP, Field, Tensor
from serving_runtime.validation import shapes
from serving_runtime.validation.casts import is_allowed, kind

_MAX_NAME_CHARACTERS = 100
_MAX_PROBLEMS = 8  # more would not fit into one line of details


class Problems:
    """What is wrong with one request or result, in the order found.

    Args:
        side: ``input`` or ``output``.
    """

    def __init__(self, side: str) -> None:
        self._side = side
        self._texts: List[str] = []
        self._left_out = 0

    def __bool__(self) -> bool:
        return bool(self._texts)

    def __str__(self) -> str:
        more = [f"and {self._left_out} more problems"] if self._left_out else []
        return "; ".join(self._texts + more)

    @property
    def is_full(self) -> bool:
        """Whether further problems are only counted."""
        return len(self._texts) >= _MAX_PROBLEMS

    def add(self, path: str, text: str) -> None:
        """Note ``text``, such as ``: expected …``, of the field at ``path``."""
        if self.is_full:
            self._left_out += 1
        else:
            self._texts.append(f"{self._side} {quoted(path)}{text}")

    def add_missing(self, path: str, field: Field, given: Sequence[str] = ()) -> None:
        """Note that the field is missing; ``given`` are names that may be misspellings of it."""
        self.add(
            path, f" is missing: expected {declared(field)}" + nearest(field.name, tuple(given))
        )

    def add_extra(self, path: str, name: str, missing: Sequence[str]) -> None:
        """Note that the signature has no such field; ``missing`` are those it may have meant."""
        # A client can send a hundred thousand of them, and each comparison takes its time.
        hint = "" if self.is_full else nearest(shortened(name), tuple(missing))
        self.add(path, " is not in the signature" + hint)


def child(parent: str, name: str) -> str:
    """Name a field of a map: ``user.age``, or ``user["full name"]`` if a dot would mislead."""
    if not parent:
        return name
    return f"{parent}.{name}" if name.isidentifier() else f'{parent}["{name}"]'


def quoted(name: str) -> str:
    """Quote a name, which may be a client's and long."""
    return f'"{shortened(name)}"'


def shortened(name: str) -> str:
    """Cut a client's name before it is shown or compared: it may have a hundred million letters."""
    if len(name) <= _MAX_NAME_CHARACTERS:
        return name
    return name[:_MAX_NAME_CHARACTERS] + "..."


def declared(field: Field) -> str:
    """Write what a field should be."""
    return MAP if field.dtype == MAP else str(field)


def mismatch(field: Field, tensor: Tensor, policy: str) -> str:
    """Say what was expected and what came, and what would make it fit if that is certain."""
    text = f": expected {declared(field)}, got {tensor}"
    hints = []
    if not shapes.fits(tensor.array.shape, field.shape):
        hints.append(shapes.remedy(tensor.array.shape, field.shape))
    if not is_allowed(tensor.dtype, field.dtype, policy):
        hints.append("cast" if _could_cast(tensor.dtype, field.dtype) else "")
    return f"{text}: {' and '.join(hints)}" if all(hints) else text


def _could_cast(have: str, want: str) -> bool:
    """Say whether the sender could convert the values, with more or less loss of its choosing."""
    order = ("bool", "integer", "float", "complex")
    kinds = kind(have), kind(want)
    return all(item in order for item in kinds) and (kinds[0] != "complex" or kinds[0] == kinds[1])
