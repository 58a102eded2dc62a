"""Describe a pipeline's columns, as far as they are known before a row comes."""

from typing import Any, Dict, Iterable, Mapping, NamedTuple, Optional, Tuple

from serving_runtime.signature import ANY, FREE, STRING, Field

NUMBER, TEXT, VECTOR, WORDS, UNKNOWN = "number", "text", "vector", "words", "unknown"

# Columns by name: arrays of numbers and of texts (object), `Vectors`, lists of lists of words.
Table = Dict[str, Any]


class Slot(NamedTuple):
    """One place of a vector: its name, and how many values it has if it is a category."""

    name: Optional[str] = None
    categories: int = 0


class Column(NamedTuple):
    """What is known of a column.

    ``dtype`` is the contract's. ``size``: of vectors, FREE where it is not known. ``labels``: the
    names of a category's numbers, and ``categories`` how many there are. ``slots``: of a vector.
    ``parts``: of a vector for each of several hashes. ``is_certain``: a stage takes nothing else.
    """

    kind: str
    dtype: str = "float64"
    size: int = FREE
    labels: Optional[Tuple[str, ...]] = None
    categories: int = 0
    slots: Tuple[Slot, ...] = ()
    parts: int = 0
    is_certain: bool = True

    @property
    def shape(self) -> Tuple[int, ...]:
        """The shape that a contract has for it."""
        if self.kind == VECTOR:
            return (FREE, self.parts, self.size) if self.parts else (FREE, self.size)
        return (FREE, FREE) if self.kind == WORDS else (FREE,)


ANY_NUMBER = Column(NUMBER)
ANY_TEXT = Column(TEXT, STRING)
ANY_WORDS = Column(WORDS, STRING)
NOT_KNOWN = Column(UNKNOWN, ANY, is_certain=False)


def vector_of(size: int, slots: Iterable[Slot] = ()) -> Column:
    """Describe vectors of a size."""
    return Column(VECTOR, size=size, slots=tuple(slots))


def declared(field: Field) -> Column:
    """Describe an input as a contract declares it."""
    shape = field.shape if field.shape is not None else (FREE,)
    is_column = len(shape) <= 1 or shape[1:] == (1,)
    if field.dtype == STRING:
        return ANY_TEXT if is_column else ANY_WORDS
    if field.dtype == ANY:
        return NOT_KNOWN
    return Column(NUMBER, field.dtype) if len(shape) <= 1 else vector_of(width_of(shape))


def width_of(shape: Tuple[int, ...]) -> int:
    """Return how many numbers a row of a shape has: pictures, say, are taken for vectors."""
    sizes = shape[1:]
    width = 1
    for size in sizes:
        width *= size
    return FREE if FREE in sizes else width


class Schema:
    """The columns of a pipeline as its stages add them, one after the other.

    Args:
        given: the columns that a contract or a schema declares; None where nothing does.
    """

    def __init__(self, given: Optional[Mapping[str, Column]] = None) -> None:
        self.given = given
        self.inputs: Dict[str, Column] = {}
        self.added: Dict[str, Column] = {}

    def find(self, name: str) -> Optional[Column]:
        """Return a column that is there already, or that is declared to come."""
        return self.added.get(name) or self.inputs.get(name) or (self.given or {}).get(name)

    def need(self, name: str, expected: Column) -> Column:
        """Return a column that a stage reads: one that an earlier stage adds, or an input.

        Args:
            name: of the column.
            expected: what the stage takes.
        """
        if name in self.added:
            return self.added[name]
        before = self.inputs.get(name) or (self.given or {}).get(name)
        self.inputs[name] = found = _agreed(before, expected)
        return found

    def add(self, name: str, column: Column) -> None:
        """Note that a stage adds a column."""
        self.added[name] = column

    def drop(self, name: str) -> None:
        """Note that a stage takes a column away."""
        self.added.pop(name, None)


def _agreed(before: Optional[Column], expected: Column) -> Column:
    """Return what a column is of which something is known already."""
    if before is None or before.kind == UNKNOWN:
        return expected
    if expected.kind == UNKNOWN or not expected.is_certain and before.is_certain:
        return before
    if before.kind == expected.kind:
        size = before.size if before.size != FREE else expected.size
        return before._replace(size=size, is_certain=True)
    return expected if expected.is_certain else before
