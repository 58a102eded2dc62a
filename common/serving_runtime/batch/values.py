"""Make tensors of Arrow's columns, and single out the rows whose values no tensor can hold."""

from typing import Any, Dict, Optional, Tuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import types as arrow

from serving_runtime.batch import types
from serving_runtime.batch.binding import Binding, Input
from serving_runtime.errors import InvalidInput
from serving_runtime.signature import (
    ANY,
    FLOATS,
    FREE,
    MISSING_SUFFIX,
    NUMPY_DTYPES,
    STRING,
    Field,
    Signature,
    Tensor,
    Value,
    dtype_name,
)
from serving_runtime.validation import casts

_TRUE, _FALSE = ("true", "1"), ("false", "0")


class UnfitRows(Exception):
    """Some rows have values that the model cannot take; ``reasons`` by the rows' numbers."""

    def __init__(self, reasons: Dict[int, str]) -> None:
        super().__init__(f"{len(reasons)} rows do not fit")
        self.reasons = reasons


class ColumnReader:
    """Reads the inputs of a signature from record batches.

    Args:
        binding: which columns carry them.
        string_type: what the model takes texts as, ``str`` or ``bytes``.
        cast: the policy, as in ``casts.convert``.
    """

    def __init__(self, binding: Binding, string_type: type, cast: str) -> None:
        self._binding = binding
        self._string_type = string_type
        self._cast = cast
        self._nullable = nullable_names(binding.signature)

    def tensors(self, rows: Any) -> Dict[str, Value]:
        """Return the inputs, and the masks of those that are missing.

        Raises:
            UnfitRows: some rows do not fit, the others may.
            InvalidInput: the rows do not fit, or not together.
        """
        unfit: Dict[int, str] = {}
        found: Dict[str, Value] = {}
        for each in self._binding.inputs:
            columns = [self._column(rows, name, each.field, unfit) for name in each.columns]
            if not unfit:
                found.update(self._input(each, columns, rows.num_rows))
        if unfit:
            raise UnfitRows(unfit)
        return found

    def _column(self, rows: Any, name: str, field: Field, unfit: Dict[int, str]) -> Any:
        """Return a column in a type of numbers, texts or lists; rows that are not go to unfit."""
        array = rows.column(name)
        if arrow.is_dictionary(array.type):
            array = array.dictionary_decode()
        if self._binding.is_text and field.dtype not in (STRING, ANY):
            array = _parsed(array, name, field, unfit)
        if not array.null_count:
            return array
        is_whole = types.is_list(array.type)
        if is_whole or not (field.dtype in FLOATS or field.name in self._nullable):
            text = f'column "{name}" has no value, and input "{field.name}" needs one ({field})'
            for row in _where(array.is_null()):
                unfit.setdefault(row, text)
        return array

    def _input(self, each: Input, columns: Any, count: int) -> Dict[str, Value]:
        field, shape = each.field, self._shape(each.field, count)
        if len(columns) > 1:
            return {field.name: self._joined(field, columns, shape)}
        [column] = columns
        flat, sizes = _flattened(column, each)
        tensor = self._tensor(flat, field)
        if sizes or shape is None:
            is_of_rows = shape is None or field.has_free_first_axis
            shape = (count, *sizes) if is_of_rows else sizes
        array = tensor.array.reshape(shape)
        if not array.flags.writeable:  # it is Arrow's, and what the model gets is its own to change
            array = array.copy()
        found: Dict[str, Value] = {field.name: tensor._replace(array=array)}
        if flat.null_count and tensor.array.dtype.kind != "f" and not sizes:
            mask = flat.is_null().to_numpy(zero_copy_only=False).reshape(shape)
            found[field.name + MISSING_SUFFIX] = Tensor("bool", mask)
        return found

    def _shape(self, field: Field, count: int) -> Optional[Tuple[int, ...]]:
        """Return the input's shape where it has one value a row, or several of fixed sizes."""
        if field.shape is None:
            return None
        if not self._binding.has_rows:
            return field.shape
        return (count, *field.shape[1:]) if field.has_free_first_axis else field.shape

    def _tensor(self, array: Any, field: Field) -> Tensor:
        if arrow.is_decimal(array.type):
            array = array.cast(pa.float64())
        kind = types.kind(array.type)
        if kind == "null":
            array = pa.nulls(len(array), types.COLUMNS.get(field.dtype, pa.float64()))
            kind = types.kind(array.type)
        if kind == STRING:
            wanted = pa.string() if self._string_type is str else pa.binary()
            values = array.cast(wanted).to_numpy(zero_copy_only=False)
            return Tensor(STRING, values)
        if array.null_count and kind != "float":
            array = array.fill_null(False if kind == "bool" else 0)
        values = array.to_numpy(zero_copy_only=False)
        return Tensor(dtype_name(values.dtype), values)

    def _joined(self, field: Field, columns: Any, shape: Optional[Tuple[int, ...]]) -> Tensor:
        """Return one input of many columns, in rows."""
        tensors = [self._tensor(column, field) for column in columns]
        if field.dtype == ANY:
            array = np.stack([tensor.array for tensor in tensors], axis=1)
            dtype = dtype_name(array.dtype)
        else:
            dtype = field.dtype
            array = np.empty((len(columns[0]), len(columns)), NUMPY_DTYPES[dtype])
            for at, tensor in enumerate(tensors):
                array[:, at] = self._as_declared(tensor, dtype)
        return Tensor(dtype, array if shape is None or FREE in shape else array.reshape(shape))

    def _as_declared(self, tensor: Tensor, dtype: str) -> np.ndarray:
        try:
            return casts.convert(tensor, dtype, self._cast)
        except casts.CastError as error:
            raise InvalidInput(str(error)) from None


def nullable_names(signature: Signature) -> Tuple[str, ...]:
    """Name the inputs that may have missing values."""
    return tuple(it.name for it in (*signature.nullable, *signature.nullable_floats))


def _flattened(array: Any, each: Input) -> Tuple[Any, Tuple[int, ...]]:
    """Return the values of nested lists, and the sizes of each row's axes.

    Raises:
        InvalidInput: the lists have different lengths.
    """
    sizes: Tuple[int, ...] = ()
    while types.is_list(array.type):
        lengths = pc.unique(pc.list_value_length(array)).to_pylist()
        if len(lengths) != 1 or lengths[0] is None:
            raise InvalidInput(f'column "{each.columns[0]}" has lists of different lengths')
        sizes = (*sizes, lengths[0])
        array = array.flatten()
    return array, sizes


def _parsed(array: Any, name: str, field: Field, unfit: Dict[int, str]) -> Any:
    """Return texts as what they are declared to be; those that are no such thing as missing."""
    wanted = types.COLUMNS.get(field.dtype, pa.float64())
    try:
        return array.cast(wanted)
    except pa.ArrowInvalid:  # one text or more: each by itself shows which
        pass
    values = [_value(text, wanted) for text in array.to_pylist()]
    for row, (_, is_read) in enumerate(values):
        if not is_read:
            unfit[row] = f'column "{name}" has "{array[row]}", which is no {field.dtype}'
    return pa.array([value for value, _ in values], wanted)


def _value(text: Optional[str], wanted: Any) -> Tuple[Any, bool]:
    """Return a text's value, and whether it has one."""
    if text is None:
        return None, True
    stripped = text.strip()
    try:
        if arrow.is_boolean(wanted):
            is_true = stripped.lower() in _TRUE
            return is_true, is_true or stripped.lower() in _FALSE
        if arrow.is_integer(wanted):  # a table's writer makes floats of them
            value = stripped[:-2] if stripped.endswith(".0") else stripped
            return pa.scalar(value).cast(wanted).as_py(), True
        return pa.scalar(stripped).cast(wanted).as_py(), True
    except pa.ArrowInvalid:
        return None, False


def _where(mask: Any) -> Any:
    return np.flatnonzero(mask.to_numpy(zero_copy_only=False)).tolist()
