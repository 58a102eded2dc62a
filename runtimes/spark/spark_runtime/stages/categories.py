"""Evaluate what makes numbers of categories, and categories of numbers."""

import contextlib
from typing import Any, Dict, List

import numpy as np

from spark_runtime.columns import ANY_NUMBER, ANY_TEXT, NUMBER, TEXT, Column, Slot, vector_of
from spark_runtime.java.numerals import as_texts
from spark_runtime.saved import number
from spark_runtime.stages.stage import ColumnStage, evaluates
from spark_runtime.unsupported import Unsupported
from spark_runtime.vectors import dense

_KEEP = "keep"
_LEAST = 5e-324  # there is no number between it and zero
_UNKNOWN = "__unknown"


def advice(policy: str) -> str:
    """Return what ends the message about a value that Spark would not answer."""
    if policy == "skip":
        return '; handleInvalid="skip" leaves such rows out, and each row must be answered'
    return ""


@evaluates("feature.StringIndexerModel")
class StringIndexer(ColumnStage):
    """The index of each text in a list of labels."""

    # Any type of column will do: its values are taken for texts.
    takes = ANY_TEXT._replace(is_certain=False)
    is_label_stage = True

    def load(self) -> None:
        """Read the labels of each column."""
        row = self.saved.row()
        lists = row["labelsArray"] if "labelsArray" in row else [row["labels"]]
        self._labels = [tuple(labels) for labels in lists]
        self._indices: List[Dict[Any, float]] = [
            {label: float(index) for index, label in enumerate(labels)} for labels in self._labels
        ]
        self._policy = self.param("handleInvalid", "error")

    def gives(self, column: Column, at: int) -> Column:
        """Return that these are categories, with one for what is unknown if that is kept."""
        labels = self._labels[at] + (_UNKNOWN,) * (self._policy == _KEEP)
        return Column(NUMBER, labels=labels, categories=len(labels))

    def sample(self, at: int) -> Any:
        """Return the most frequent label, of a column of numbers as a number."""
        label = next(iter(self._labels[at]), None)
        if label is None or self.inputs[at].kind == TEXT:
            return label
        with contextlib.suppress(ValueError):  # a boolean's, in Java's words
            return float(label)
        return None

    def apply(self, column: Any, at: int) -> np.ndarray:
        """Return the index of each text."""
        indices = self._indices[at]
        new = float(len(indices)) if self._policy == _KEEP else -1.0
        texts = column if column.dtype == object else as_texts(column, self.inputs[at].dtype)
        found = np.array([indices.get(text, new) for text in texts], np.float64)
        if new < 0 and (found < 0).any():
            # Which label it is, is the caller's to know, and not the log's.
            is_missing = texts[int(np.argmax(found < 0))] is None
            said = "the value is missing" if is_missing else "the label is new to the model"
            self.refuse(found < 0, self.pairs[at][0], said + advice(self._policy))
        return found


@evaluates("feature.IndexToString")
class IndexToString(ColumnStage):
    """The label of each index."""

    takes = ANY_NUMBER

    def gives(self, column: Column, at: int) -> Column:
        """Return that these are texts; the labels are its own, or those of its input."""
        labels = self.param("labels") or column.labels
        if not labels:
            raise Unsupported(f'it has no labels, and its input "{self.pairs[at][0]}" has none')
        self._labels = np.array([*labels, None], object)
        return ANY_TEXT

    def apply(self, column: Any, at: int) -> np.ndarray:
        """Return each label."""
        bad = ~((column >= 0) & (column < len(self._labels) - 1))
        self.refuse(bad, self.pairs[at][0], "there is no label of this index")
        return self._labels[column.astype(np.int64)]


@evaluates("feature.VectorIndexerModel")
class VectorIndexer(ColumnStage):
    """Vectors in which some values are replaced by their index."""

    def load(self) -> None:
        """Read which values the places have that are categories."""
        self._maps: Dict[int, Dict[float, int]] = self.saved.row()["categoryMaps"]
        self._policy = self.param("handleInvalid", "error")

    @property
    def takes(self) -> Column:
        """Vectors."""
        return vector_of(int(self.param("numFeatures", -1)))

    def gives(self, column: Column, at: int) -> Column:
        """Return that these are vectors of the same size."""
        known = list(column.slots) or [Slot()] * max(column.size, 0)
        kept = self._policy == _KEEP
        for place, values in self._maps.items():
            if place < len(known):
                known[place] = known[place]._replace(categories=len(values) + kept)
        return vector_of(column.size, known)

    def apply(self, column: Any, at: int) -> np.ndarray:
        """Replace the values of the places that are categories."""
        found = dense(column).copy()
        for place, indices in self._maps.items():
            new = float(len(indices)) if self._policy == _KEEP else -1.0
            values = [indices.get(value, new) for value in found[:, place].tolist()]
            found[:, place] = values
            if new < 0:
                said = f"the value at {place} is new" + advice(self._policy)
                self.refuse(found[:, place] < 0, self.pairs[at][0], said)
        return found


@evaluates("feature.Bucketizer")
class Bucketizer(ColumnStage):
    """In which of some ranges each number is."""

    takes = ANY_NUMBER

    def load(self) -> None:
        """Read the ends of the ranges."""
        lists = self.param("splitsArray") if "inputCols" in self.saved.set_params else None
        ends = lists or [self.param("splits")]
        self._splits = [np.array(number(splits), np.float64) for splits in ends]
        self._policy = self.param("handleInvalid", "error")

    def gives(self, column: Column, at: int) -> Column:
        """Return that these are categories."""
        splits = self._splits[at]
        names = [f"{_shown(low)}, {_shown(high)}" for low, high in zip(splits, splits[1:])]
        return Column(NUMBER, labels=tuple(names), categories=len(names))

    def sample(self, at: int) -> Any:
        """Return the first end of a range that is a number."""
        return next(iter(self._splits[at][np.isfinite(self._splits[at])].tolist()), None)

    def apply(self, column: Any, at: int) -> np.ndarray:
        """Return the range of each number; the last one includes its upper end."""
        splits, name = self._splits[at], self.pairs[at][0]
        values = np.asarray(column, np.float64)
        found = np.searchsorted(_ordered(splits), _ordered(values), "right") - 1.0
        found[values == splits[-1]] = len(splits) - 2
        outside = (found < 0) | (values > splits[-1])
        said = f"expected a number from {_shown(splits[0])} to {_shown(splits[-1])}"
        self.refuse(outside, name, said)
        missing = np.isnan(values)
        if self._policy != _KEEP:
            self.refuse(missing, name, "the number is missing" + advice(self._policy))
        found[missing] = len(splits) - 1
        return found


def _ordered(values: np.ndarray) -> np.ndarray:
    """Return numbers in Java's order, in which -0.0 is less than 0.0."""
    return np.where((values == 0) & np.signbit(values), -_LEAST, values)


def _shown(value: float) -> str:
    return str(as_texts(np.array([value]), "float64")[0])
