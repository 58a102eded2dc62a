"""Hash as Spark does: MurmurHash3, and the variant of it that Spark 2 had."""

import math
from typing import Any, Dict, List, Tuple

from spark_runtime.columns import NOT_KNOWN, NUMBER, TEXT, Column, Schema, Table, vector_of
from spark_runtime.java.numerals import as_texts
from spark_runtime.stages.stage import Stage, evaluates
from spark_runtime.vectors import Sparse, from_counts

_SEED = 42
_MASK = 0xFFFFFFFF


def hash_words(word: str, is_old: bool = False) -> int:
    """Return the hash of a word, from -2³¹ to 2³¹ - 1.

    Args:
        word: of any length.
        is_old: whether the last bytes are mixed one by one and with their signs, as Spark 2 does.
    """
    content = word.encode("utf-8", "surrogatepass")
    whole = len(content) - len(content) % 4
    state = _SEED
    for at in range(0, whole, 4):
        state = _mixed(state, int.from_bytes(content[at : at + 4], "little"))
    if is_old:
        for byte in content[whole:]:
            state = _mixed(state, (byte - 256 if byte > 127 else byte) & _MASK)
    elif whole < len(content):
        state ^= _scrambled(int.from_bytes(content[whole:], "little"))
    found = _finished(state, len(content))
    return found - (1 << 32) if found >> 31 else found


def _scrambled(block: int) -> int:
    block = block * 0xCC9E2D51 & _MASK
    block = (block << 15 | block >> 17) & _MASK
    return block * 0x1B873593 & _MASK


def _mixed(state: int, block: int) -> int:
    state ^= _scrambled(block)
    state = (state << 13 | state >> 19) & _MASK
    return (state * 5 + 0xE6546B64) & _MASK


def _finished(state: int, size: int) -> int:
    state ^= size
    state ^= state >> 16
    state = state * 0x85EBCA6B & _MASK
    state ^= state >> 13
    state = state * 0xC2B2AE35 & _MASK
    return state ^ state >> 16


@evaluates("feature.FeatureHasher")
class FeatureHasher(Stage):
    """Columns of any kind, each value at the index that is the hash of its name."""

    def prepare(self) -> None:
        """Read the columns' names."""
        self._names: List[str] = self.param("inputCols")
        self._size: int = self.param("numFeatures", 1 << 18)
        self._as_categories = set(self.param("categoricalCols") or ())
        self._made: str = self.param("outputCol")

    @property
    def reads(self) -> Tuple[str, ...]:
        """The names of its inputs."""
        return tuple(self._names)

    def plan(self, schema: Schema) -> None:
        """Note the inputs, of which each may be a number or a text."""
        self._columns = [schema.need(name, NOT_KNOWN) for name in self._names]
        self._indices = [hash_words(name) % self._size for name in self._names]
        schema.add(self._made, vector_of(self._size))

    def transform(self, table: Table) -> None:
        """Add each row's values; one that is missing adds nothing."""
        counts: List[Dict[int, float]] = [{} for _ in table[self._names[0]]]
        for at, name in enumerate(self._names):
            for row, (index, value) in zip(counts, self._terms(table[name], at)):
                if index is not None:
                    row[index] = row.get(index, 0.0) + value
        table[self._made] = self._vectors(counts)

    def _vectors(self, counts: List[Dict[int, float]]) -> Sparse:
        return from_counts(counts, self._size)

    def _terms(self, values: Any, at: int) -> List[Tuple[Any, float]]:
        name, column = self._names[at], self._columns[at]
        if not self._is_category(name, column):
            index = self._indices[at]
            numbers = [float(value) for value in values]
            return [(None if math.isnan(value) else index, value) for value in numbers]
        missing = (None, "NaN") if column.kind == NUMBER else (None,)
        return [
            (None if text in missing else hash_words(f"{name}={text}") % self._size, 1.0)
            for text in as_texts(values, column.dtype)
        ]

    def _is_category(self, name: str, column: Column) -> bool:
        is_number = column.kind == NUMBER and column.dtype != "bool"
        return column.kind == TEXT or not is_number or name in self._as_categories
