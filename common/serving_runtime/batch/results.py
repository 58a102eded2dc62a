"""Make Arrow's columns of a model's results."""

from typing import Any, Dict, List, Mapping, Sequence

import numpy as np
import pyarrow as pa

from serving_runtime.batch import types
from serving_runtime.batch.binding import Binding
from serving_runtime.errors import BrokenResult
from serving_runtime.signature import STRING, Field, Tensor, Value


class ResultWriter:
    """Makes rows of a table of what goes in and what comes out."""

    def __init__(self, binding: Binding) -> None:
        self._binding = binding
        outputs = binding.signature.outputs
        self._is_of_rows = [binding.has_rows and field.has_free_first_axis for field in outputs]

    def rows(self, given: Any, outputs: Mapping[str, Value]) -> Any:
        """Return the kept columns of some rows beside the outputs of their call.

        Raises:
            BrokenResult: there are not as many rows as went in, or a text is not UTF-8.
        """
        columns = [given.column(name) for name in self._binding.kept]
        for field, is_of_rows in zip(self._binding.signature.outputs, self._is_of_rows):
            array = _array(field, outputs)
            columns.append(_column(field, array if is_of_rows else array[np.newaxis], given))
        return pa.RecordBatch.from_arrays(columns, schema=self._binding.schema)


def _array(field: Field, outputs: Mapping[str, Value]) -> np.ndarray:
    value = outputs[field.name]
    if not isinstance(value, Tensor):
        raise BrokenResult(f'output "{field.name}" is a map, which has no form in a table')
    return value.array


def _column(field: Field, array: np.ndarray, given: Any) -> Any:
    if len(array) != given.num_rows:
        raise BrokenResult(
            f'output "{field.name}" has {len(array)} rows for {given.num_rows} that went in'
        )
    return _nested(_values(field, array.reshape(-1)), array.shape[1:], len(array))


def _values(field: Field, array: np.ndarray) -> Any:
    if field.dtype != STRING:
        return pa.array(array, types.COLUMNS[field.dtype])
    try:
        return pa.array(array.tolist(), pa.binary()).cast(pa.string())
    except pa.ArrowInvalid:
        raise BrokenResult(f'output "{field.name}" has a text that is not UTF-8') from None


def _nested(values: Any, sizes: Sequence[int], rows: int) -> Any:
    counts: List[int] = [rows]
    for size in sizes:
        counts.append(counts[-1] * size)
    for size, count in zip(reversed(sizes), reversed(counts[:-1])):
        offsets = np.arange(0, (count + 1) * size, size) if size else np.zeros(count + 1)
        values = pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), values)
    return values


def plain(rows: Any) -> Dict[str, Any]:
    """Return the values of the only row."""
    found: Dict[str, Any] = rows.to_pylist()[0]
    return found
