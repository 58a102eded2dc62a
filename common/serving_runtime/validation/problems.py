"""Gather what is wrong with a request or a result, field by field, and word it in one line."""

from typing import AbstractSet, List, Sequence, Tuple

from serving_runtime.errors import InvalidInput, Problem, ProblemKind, nearest_name, suggestion
from serving_runtime.signature import MAP, Field, Tensor
from serving_runtime.validation import shapes
from serving_runtime.validation.casts import kind

_MAX_NAME_CHARACTERS = 100
_MAX_PROBLEMS = 8  # more would not fit into one line of details


class Problems:
    """What is wrong with one request or result, in the order found.

    Args:
        side: ``input`` or ``output``.
    """

    def __init__(self, side: str) -> None:
        self._side = side
        self._found: List[Problem] = []
        self._left_out = 0

    def __bool__(self) -> bool:
        return bool(self._found)

    def __str__(self) -> str:
        texts = [describe(problem, self._side) for problem in self._found]
        more = [f"and {self._left_out} more problems"] if self._left_out else []
        return "; ".join(texts + more)

    @property
    def found(self) -> Tuple[Problem, ...]:
        """The first few problems."""
        return tuple(self._found)

    @property
    def is_full(self) -> bool:
        """Whether further problems are only counted."""
        return len(self._found) >= _MAX_PROBLEMS

    def add(self, problem: Problem) -> None:
        """Keep a problem, or count it if there are many already."""
        if self.is_full:
            self._left_out += 1
        else:
            self._found.append(problem)

    def add_unreadable(self, path: str, reason: str) -> None:
        """Add that the value of the field at ``path`` cannot be read."""
        self.add(Problem(ProblemKind.UNREADABLE, path, reason=reason))

    def add_missing(self, path: str, field: Field, given: Sequence[str] = ()) -> None:
        """Add that the field is missing; ``given`` are names that may be misspellings of it."""
        hint = nearest_name(field.name, tuple(given))
        self.add(Problem(ProblemKind.MISSING, path, declared(field), hint=hint))

    def add_unexpected(self, path: str, name: str, missing: Sequence[str]) -> None:
        """Add that the signature has no such field; ``missing`` are those it may have meant."""
        # A client can send a hundred thousand of them, and each comparison takes its time.
        hint = "" if self.is_full else nearest_name(shortened(name), tuple(missing))
        self.add(Problem(ProblemKind.UNEXPECTED, path, hint=hint))


class InputMismatch(InvalidInput):
    """A request's inputs are not those of the signature.

    Args:
        problems: what is wrong with them.
        sent: the names of the request's inputs.
        declared: the names of the signature's inputs.
    """

    def __init__(
        self, problems: Problems, sent: AbstractSet[str], declared: AbstractSet[str]
    ) -> None:
        super().__init__(str(problems), problems=problems.found)
        self.sent = sent
        self.declared = declared


def describe(problem: Problem, side: str) -> str:
    """Return a problem of an ``input`` or ``output`` in words that fit every protocol."""
    return f"{side} {quoted(problem.name)}{_predicate(problem)}"


def _predicate(problem: Problem) -> str:
    if problem.kind is ProblemKind.MISSING:
        return f" is missing: expected {problem.expected}{suggestion(problem.hint)}"
    if problem.kind is ProblemKind.UNEXPECTED:
        return f" is not in the signature{suggestion(problem.hint)}"
    if problem.kind is ProblemKind.UNREADABLE:
        return f": {problem.reason}"
    if problem.kind is ProblemKind.ROWS:
        [other] = problem.others
        return f' has {problem.got} rows, but input "{other}" has {problem.expected}'
    remark = problem.hint or problem.reason
    text = f": expected {problem.expected}, got {problem.got}"
    return f"{text}: {remark}" if remark else text


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
    return MAP if field.dtype == MAP and not field.shape else str(field)


def mismatch(path: str, field: Field, tensor: Tensor, is_cast: bool, has_shape: bool) -> Problem:
    """Return the problem of a tensor that does not fit, with what mends it if that is certain.

    Args:
        path: of the field.
        field: what was expected.
        tensor: what came.
        is_cast: whether the policy casts its dtype to the field's.
        has_shape: whether its shape is one that the field declares.
    """
    hints = []
    if not has_shape:
        hints.append(shapes.hint(tensor.array.shape, field.shape))
    if not is_cast:
        hints.append("cast" if _could_cast(tensor.dtype, field.dtype) else "")
    return Problem(
        ProblemKind.SHAPE if is_cast else ProblemKind.DTYPE,
        path,
        declared(field),
        str(tensor),
        hint=" and ".join(hints) if all(hints) else "",
    )


def _could_cast(have: str, want: str) -> bool:
    """Whether the sender could convert the values, with more or less loss of its choosing."""
    order = ("bool", "integer", "float", "complex")
    kinds = kind(have), kind(want)
    return all(item in order for item in kinds) and (kinds[0] != "complex" or kinds[0] == kinds[1])
