"""Compare Arrow's types with a contract's, before anything is read."""

from typing import Any, Dict, Iterable, Sequence, Tuple

import pyarrow as pa
from pyarrow import types as arrow

from serving_runtime.errors import StartError
from serving_runtime.signature import ANY, FREE, MAP, NUMPY_DTYPES, STRING, Field
from serving_runtime.validation import casts

# The columns that results of each declared dtype make; complex numbers have none.
COLUMNS: Dict[str, Any] = {
    name: pa.string() if name == STRING else pa.from_numpy_dtype(dtype)
    for name, dtype in NUMPY_DTYPES.items()
    if dtype.kind != "c"
}
_KINDS = (
    (arrow.is_boolean, "bool"),
    (arrow.is_integer, "integer"),
    (arrow.is_floating, "float"),
    (arrow.is_decimal, "float"),
    (arrow.is_string, STRING),
    (arrow.is_large_string, STRING),
    (arrow.is_binary, STRING),
    (arrow.is_large_binary, STRING),
    (arrow.is_null, "null"),
)


def schema(columns: Iterable[Tuple[str, Any]]) -> Any:
    """Return a schema of names and types."""
    return pa.schema([pa.field(name, column) for name, column in columns])


def check_input(field: Field, columns: Sequence[Any], is_text: bool) -> None:
    """Check that columns can carry an input.

    Raises:
        StartError: one is of another kind; the text has both.
    """
    if field.dtype == MAP:
        raise StartError(f'input "{field.name}" is a map, which no column of a table carries')
    for column in columns:
        leaf = element(column.type)
        has_lists = is_list(column.type)
        if has_lists and len(columns) > 1:
            raise _other_type(field, column)
        if len(columns) == 1 and not has_lists and _is_wide(field):
            raise _other_type(field, column)
        if not is_text and not _is_castable(kind(leaf), field.dtype):
            raise _other_type(field, column)


def of_input(field: Field) -> Any:
    """Return the type of the column that carries an input, where the data has no types."""
    if field.dtype == ANY:
        return None
    wanted = COLUMNS.get(field.dtype)
    return None if wanted is None else _nested(wanted, (field.shape or ())[1:])


def of_output(field: Field, has_rows: bool) -> Any:
    """Return the type of an output's column.

    Raises:
        StartError: it has no form in a table, or the contract does not say which.
    """
    if field.dtype == ANY or field.shape is None:
        what = "dtype" if field.dtype == ANY else "shape"
        raise StartError(
            f'the contract does not say which {what} output "{field.name}" has, and the columns '
            "of a table are made before the model is called",
            f"declare its {what} in contract.yaml",
        )
    if field.dtype not in COLUMNS:
        raise StartError(f'output "{field.name}" is {field}, which has no form in a table')
    is_of_rows = has_rows and field.has_free_first_axis
    return _nested(COLUMNS[field.dtype], field.shape[1:] if is_of_rows else field.shape)


def kind(column: Any) -> str:
    """Return the kind of a column's values as contracts know it; Arrow's name where none fits."""
    return next((name for is_so, name in _KINDS if is_so(column)), str(column))


def element(column: Any) -> Any:
    """Return the type of the values in a column, whatever lists and dictionaries are around."""
    while is_list(column) or arrow.is_dictionary(column):
        column = column.value_type
    return column


def signed(column: Any) -> Any:
    """Return the signed type that holds all values of an unsigned one, and others as they are."""
    if is_list(column):
        return pa.list_(signed(column.value_type))
    wider = {pa.uint8(): pa.int16(), pa.uint16(): pa.int32(), pa.uint32(): pa.int64()}
    wider = {**wider, pa.uint64(): pa.decimal128(20, 0), pa.float16(): pa.float32()}
    return wider.get(column, column)


def is_list(column: Any) -> bool:
    """Whether each value of a column is a list."""
    kinds = (arrow.is_list, arrow.is_large_list, arrow.is_fixed_size_list)
    return any(is_so(column) for is_so in kinds)


def _nested(column: Any, sizes: Sequence[int]) -> Any:
    for _ in sizes:
        column = pa.list_(column)
    return column


def _is_wide(field: Field) -> bool:
    """Whether each row of an input has several values."""
    sizes = (field.shape or ())[1 if field.has_free_first_axis else 0 :]
    return any(size not in (1, FREE) for size in sizes)


def _is_castable(have: str, dtype: str) -> bool:
    if have == "null":
        return True
    if dtype == ANY:
        return have in ("bool", "integer", "float", STRING)
    want = casts.kind(dtype)
    return have == want or (have, want) == ("integer", "float")


def _other_type(field: Field, column: Any) -> StartError:
    return StartError(
        f'column "{column.name}" is {column.type}: expected {field.dtype} for input '
        f'"{field.name}" ({field})',
        "convert the column in the data; numbers are widened and narrowed here where no value "
        "is lost, never made of other kinds",
    )
