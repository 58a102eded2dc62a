"""Answer the calls of one signature: arrays into columns, stages, columns into arrays."""

import functools
from typing import Any, Callable, List, Mapping, Tuple

import numpy as np

from serving_runtime.errors import InvalidInput
from serving_runtime.model import Arrays
from serving_runtime.signature import FREE, Field, Nullable, Signature
from spark_runtime import inference
from spark_runtime.columns import ANY_NUMBER, NUMBER, TEXT, VECTOR, WORDS, Column
from spark_runtime.pipeline import Pipeline
from spark_runtime.stages import Table
from spark_runtime.vectors import Sparse

WHOLE = ("bool", "int8", "int16", "int32", "int64")

_MOST_DENSE = 1 << 17

_Convert = Callable[[Any], Any]


class Program:
    """A pipeline behind a signature.

    Args:
        pipeline: whose columns are settled as the signature has them.
        signature: as it is served.
    """

    def __init__(self, pipeline: Pipeline, signature: Signature) -> None:
        self._pipeline = pipeline
        schema = inference.planned(pipeline, signature)
        columns = {**(schema.given or {}), **schema.inputs}
        self.nullable = nullable_of(columns)
        known = pipeline.samples()
        self.samples = {it.name: known[it.name] for it in signature.inputs if it.name in known}
        self._inputs: List[Tuple[str, _Convert]] = [
            (field.name, _converter(columns[field.name])) for field in signature.inputs
        ]
        made = {**columns, **schema.added}
        self._outputs: List[Tuple[str, _Convert]] = [
            (field.name, _finisher(field, made.get(field.name, ANY_NUMBER)))
            for field in signature.outputs
        ]
        # Of an expression's results some may be null, which these have no value for.
        self._whole_numbers = [
            field.name
            for field in signature.outputs
            if field.dtype in WHOLE and schema.added.get(field.name, ANY_NUMBER).dtype in WHOLE
        ]

    def run(self, arrays: Arrays) -> Arrays:
        """Answer a request, or several that were stacked.

        Raises:
            InvalidInput: Spark would refuse a value, or leave its row out.
        """
        table: Table = {name: convert(arrays[name]) for name, convert in self._inputs}
        self._pipeline.transform(table)
        found = {name: finish(table[name]) for name, finish in self._outputs}
        for name in self._whole_numbers:
            _refuse_null(name, found[name])
        return found


def is_row_of(field: Field) -> bool:
    """Whether an output is of one row, and has no axis for more."""
    return field.shape is not None and field.shape[:1] != (FREE,)


def _refuse_null(name: str, column: Any) -> None:
    if column.dtype.kind == "f" and np.isnan(column).any():
        row = int(np.argmax(np.isnan(column)))
        raise InvalidInput(
            f'row {row}: the output "{name}" is null, which whole numbers and booleans have no '
            "value for; a contract that declares it as double answers NaN"
        )


def nullable_of(columns: Mapping[str, Column]) -> Tuple[Nullable, ...]:
    """Return which of some columns may have missing values."""
    return tuple(
        Nullable(name, numbers="float64")
        for name, column in columns.items()
        if column.kind in (NUMBER, TEXT)
    )


def _converter(column: Column) -> _Convert:
    return {NUMBER: _numbers, TEXT: _texts, VECTOR: _vectors, WORDS: _words}[column.kind]


def _numbers(array: Any) -> Any:
    """Return one number a row, floats of double precision; integers may be longer than those."""
    if array.ndim != 1:
        array = array.reshape(-1)
    return array if array.dtype.kind in "iu" else array.astype(np.float64, copy=False)


def _texts(array: Any) -> Any:
    return array if array.ndim == 1 else array.reshape(-1)


def _vectors(array: Any) -> Any:
    vectors = array if array.ndim == 2 else _flattened(array)
    return vectors.astype(np.float64, copy=False)


def _flattened(array: Any) -> Any:
    """Return pictures and the like as vectors, and a single vector as a row."""
    if array.ndim == 1:
        return array.reshape(1, -1)
    return array.reshape(len(array), int(np.prod(array.shape[1:])))


def _words(array: Any) -> List[List[str]]:
    rows = array.reshape(1, -1) if array.ndim == 1 else array
    return [[word for word in row if word is not None] for row in rows.tolist()]


def _finisher(field: Field, column: Column) -> _Convert:
    if column.kind == WORDS:
        width = field.shape[-1] if field.shape else FREE
        return functools.partial(_alike if width == FREE else _filled_up, field.name, width)
    return _first_row if is_row_of(field) else _rows


def _first_row(column: Any) -> Any:
    return (column.toarray() if isinstance(column, Sparse) else column)[0]


def _rows(column: Any) -> Any:
    # What is larger is made dense by those who know how large a reply may be.
    if isinstance(column, Sparse) and column.count * column.size <= _MOST_DENSE:
        return column.toarray()
    return column


def _filled_up(name: str, width: int, lists: List[List[str]]) -> Any:
    """Return lists as rows of one width, with empty texts at their ends."""
    found = np.full((len(lists), width), "", object)
    for row, texts in enumerate(lists):
        if len(texts) > width:
            raise InvalidInput(
                f'row {row}: the output "{name}" has {len(texts)} texts, and the contract has '
                f"places for {width}"
            )
        found[row, : len(texts)] = texts
    return found


def _alike(name: str, width: int, lists: List[List[str]]) -> Any:
    """Return lists as rows; they are not filled up, as others would decide about a row's answer."""
    sizes = sorted({len(texts) for texts in lists})
    if len(sizes) > 1:
        raise InvalidInput(
            f'the rows of the output "{name}" have from {sizes[0]} to {sizes[-1]} texts: ask for '
            "one row at a time, or declare the most that there may be, as in shape: [-1, 20]"
        )
    return np.array(lists, object).reshape(len(lists), sizes[0] if sizes else 0)
