"""Evaluate what makes words of texts, and numbers of words."""

import re
from typing import Any, Dict, List, Pattern, Set

import numpy as np

from serving_runtime.errors import InvalidInput
from spark_runtime.columns import ANY_TEXT, ANY_WORDS, Column, vector_of
from spark_runtime.java.patterns import java_pattern, java_splitter
from spark_runtime.stages.hashing import hash_words
from spark_runtime.stages.stage import ColumnStage, evaluates
from spark_runtime.vectors import Sparse, from_counts, vector

Words = List[List[str]]
# Clients choose the words, so there is a bound to what is remembered of them: some 15 MB.
_CACHED_WORDS, _CACHED_LENGTH = 100000, 40


class _OfTexts(ColumnStage):
    """A stage that makes words of texts."""

    takes = ANY_TEXT

    def gives(self, column: Column, at: int) -> Column:
        """Return that these are words."""
        return ANY_WORDS

    def refuse_missing(self, column: Any, at: int) -> None:
        """Raise where a text is missing, which Spark's own stage fails at.

        Raises:
            InvalidInput: one is missing.
        """
        for row, text in enumerate(column):
            if text is None:
                name = self.pairs[at][0]
                raise InvalidInput(f'row {row}, column "{name}": the text is missing')


class _OfWords(ColumnStage):
    """A stage that takes words."""

    takes = ANY_WORDS

    def gives(self, column: Column, at: int) -> Column:
        """Return that these are words."""
        return ANY_WORDS


@evaluates("feature.Tokenizer")
class Tokenizer(_OfTexts):
    """Lower-cased words between single white spaces."""

    _split = staticmethod(java_splitter(re.compile(r"\s", re.ASCII)))

    def apply(self, column: Any, at: int) -> Words:
        """Return the words of each text."""
        try:
            return [self._split(text.lower()) for text in column]
        except AttributeError:
            self.refuse_missing(column, at)
            raise


@evaluates("feature.RegexTokenizer")
class RegexTokenizer(_OfTexts):
    """What a pattern matches, or what is between its matches."""

    def load(self) -> None:
        """Read the pattern."""
        self._pattern: Pattern[str] = java_pattern(self.param("pattern", r"\s+"))
        self._split = java_splitter(self._pattern)
        self._is_gap = self.param("gaps", True)
        self._lowers = self.param("toLowercase", True)
        self._shortest = self.param("minTokenLength", 1)

    def apply(self, column: Any, at: int) -> Words:
        """Return the words of each text."""
        self.refuse_missing(column, at)
        return [self._words(text.lower() if self._lowers else text) for text in column]

    def _words(self, text: str) -> List[str]:
        if self._is_gap:
            words = self._split(text)
        else:
            words = [found.group() for found in self._pattern.finditer(text)]
        return [word for word in words if _java_length(word) >= self._shortest]


def _java_length(word: str) -> int:
    """Return how many UTF-16 units a word has, which is what Java calls its length."""
    return len(word.encode("utf-16-le")) // 2


@evaluates("feature.StopWordsRemover")
class StopWordsRemover(_OfWords):
    """Words without those of a list."""

    def load(self) -> None:
        """Read the list."""
        self._is_exact = self.param("caseSensitive", False)
        self._stops: Set[str] = {self._form(word) for word in self.param("stopWords")}

    def _form(self, word: str) -> str:
        return word if self._is_exact else word.lower()

    def apply(self, column: Any, at: int) -> Words:
        """Return the words of each row that are not in the list."""
        return [[word for word in row if self._form(word) not in self._stops] for row in column]


@evaluates("feature.NGram")
class NGram(_OfWords):
    """Words that follow each other, joined."""

    def apply(self, column: Any, at: int) -> Words:
        """Return each run of n words."""
        n = self.param("n", 2)
        return [
            [" ".join(row[start : start + n]) for start in range(len(row) - n + 1)]
            for row in column
        ]


@evaluates("feature.HashingTF")
class HashingTF(_OfWords):
    """How often each word is there, at the index that is its hash."""

    def load(self) -> None:
        """Read the size; models of Spark 2 have another hash, which later Sparks keep for them."""
        self._size: int = self.param("numFeatures", 1 << 18)
        self._is_binary = self.param("binary", False)
        self._is_old = self.version < (3, 0)
        self._indices: Dict[str, int] = {}

    def gives(self, column: Column, at: int) -> Column:
        """Return that these are vectors."""
        return vector_of(self._size)

    def apply(self, column: Any, at: int) -> Sparse:
        """Count the words of each row."""
        return from_counts([self._counts(row) for row in column], self._size)

    def _counts(self, words: List[str]) -> Dict[int, float]:
        counts: Dict[int, float] = {}
        known = self._indices
        for word in words:
            index = known.get(word, -1)
            if index < 0:
                index = hash_words(word, self._is_old) % self._size
                if len(known) < _CACHED_WORDS and len(word) < _CACHED_LENGTH:
                    known[word] = index
            counts[index] = counts.get(index, 0.0) + 1.0
        return dict.fromkeys(counts, 1.0) if self._is_binary else counts


@evaluates("feature.CountVectorizerModel")
class CountVectorizer(_OfWords):
    """How often each word of a vocabulary is there."""

    def load(self) -> None:
        """Read the vocabulary."""
        vocabulary = self.saved.row()["vocabulary"]
        self._indices = {word: index for index, word in enumerate(vocabulary)}
        self._least = self.param("minTF", 1.0)
        self._is_binary = self.param("binary", False)

    def gives(self, column: Column, at: int) -> Column:
        """Return that these are vectors."""
        return vector_of(len(self._indices))

    def apply(self, column: Any, at: int) -> Sparse:
        """Count the words of each row."""
        return from_counts([self._counts(row) for row in column], len(self._indices))

    def _counts(self, words: List[str]) -> Dict[int, float]:
        counts: Dict[int, float] = {}
        for word in words:
            index = self._indices.get(word)
            if index is not None:
                counts[index] = counts.get(index, 0.0) + 1.0
        least = self._least if self._least >= 1.0 else len(words) * self._least
        return {
            index: 1.0 if self._is_binary else count
            for index, count in counts.items()
            if count >= least
        }


@evaluates("feature.IDFModel")
class Idf(ColumnStage):
    """Counts, weighted by how rare a word is."""

    def load(self) -> None:
        """Read the weights."""
        self._weights = vector(self.saved.row()["idf"])

    @property
    def takes(self) -> Column:
        """Vectors with a place for each weight."""
        return vector_of(len(self._weights))

    def gives(self, column: Column, at: int) -> Column:
        """Return that these are vectors."""
        return vector_of(len(self._weights))

    def apply(self, column: Any, at: int) -> Any:
        """Weigh each value."""
        if isinstance(column, Sparse):
            return column.with_values(column.values * self._weights[column.indices])
        return column * self._weights


@evaluates("feature.Word2VecModel")
class Word2Vec(_OfWords):
    """The mean of the vectors of the words."""

    def load(self) -> None:
        """Read the vectors, which are of single precision."""
        self._size: int = self.param("vectorSize", 100)
        rows = self.saved.rows()
        self._vectors: Dict[str, np.ndarray] = {}
        if "wordIndex" in rows[0]:  # as Spark 2.0 and 2.1 have it
            flat = np.array(rows[0]["wordVectors"], np.float32).reshape(-1, self._size)
            found = {word: flat[index] for word, index in rows[0]["wordIndex"].items()}
        else:
            found = {row["word"]: np.array(row["vector"], np.float32) for row in rows}
        self._vectors = {word: values.astype(np.float64) for word, values in found.items()}

    def gives(self, column: Column, at: int) -> Column:
        """Return that these are vectors."""
        return vector_of(self._size)

    def apply(self, column: Any, at: int) -> np.ndarray:
        """Return the mean of each row; a word without a vector counts as zeros."""
        found = np.zeros((len(column), self._size))
        for row, words in enumerate(column):
            for word in words:
                if word in self._vectors:
                    found[row] += self._vectors[word]
            if len(words):
                found[row] *= 1.0 / len(words)
        return found
