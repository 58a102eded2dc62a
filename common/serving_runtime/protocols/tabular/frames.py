"""Read MLflow's tables: ``dataframe_split`` (names and rows) and ``dataframe_records`` (objects).

See: "Accepted Input Formats" of MLflow's scoring protocol, https://mlflow.org/docs
"""

from typing import Any, Dict, List

import numpy as np

from serving_runtime.errors import InvalidInput
from serving_runtime.protocols.json.reader import Reader
from serving_runtime.protocols.json.requests import EACH, Found, InputReader
from serving_runtime.signature import NUMPY_DTYPES, Field, Signature

SPLIT, RECORDS = "dataframe_split", "dataframe_records"

_ANYTHING = np.dtype(object)
_LARGEST_EXACT = 2**53  # in a double


def read_split(reader: Reader, node: Any, inputs: InputReader) -> Found:
    """Read names and rows.

    Raises:
        InvalidInput: there are no rows, or one has not a value for each name.
        Doubt: the reader cannot be sure.
    """
    table = _checked(reader, reader.plain(node), SPLIT, dict, "an object")
    place = f"{SPLIT}.data"
    rows = _checked(reader, table.get("data"), place, list, "a list of rows")
    names = _names(reader, table.get("columns"), inputs.signature)
    if _is_whole(table.get("columns"), inputs.signature):
        return inputs.columns_of(reader, {inputs.signature.inputs[0].name: rows}, place)
    for index, row in enumerate(rows):
        if not isinstance(row, list) or len(row) != len(names):
            raise InvalidInput(
                f"{place}[{index}] must be a list of {len(names)} values: {', '.join(names[:20])}"
            )
    columns = {name: [row[at] for row in rows] for at, name in enumerate(names)}
    return _columns(reader, columns, inputs, place)


def read_records(reader: Reader, node: Any, inputs: InputReader) -> Found:
    """Read objects; what one of them lacks is missing, as if it were null.

    Raises:
        InvalidInput: it is no list of objects.
        Doubt: the reader cannot be sure.
    """
    rows = _checked(reader, reader.plain(node), RECORDS, list, "a list of objects")
    names: Dict[str, None] = {}
    for index, row in enumerate(rows):
        names.update(dict.fromkeys(_checked(reader, row, f"{RECORDS}[{index}]", dict, "an object")))
    columns = {name: [row.get(name) for row in rows] for name in names}
    return _columns(reader, columns, inputs, RECORDS)


def _columns(
    reader: Reader, columns: Dict[str, List[Any]], inputs: InputReader, place: str
) -> Found:
    declared = {field.name: field for field in inputs.signature.inputs}
    nodes = {
        name: _as_declared(values, declared[name]) if name in declared else values
        for name, values in columns.items()
    }
    return inputs.columns_of(reader, nodes, f"{place}{EACH}")


def _as_declared(values: List[Any], field: Field) -> Any:
    """Return a column's values; of a field without axes, the one that there is.

    A table's writer makes floats of integers where others of the column are missing.
    """
    if NUMPY_DTYPES.get(field.dtype, _ANYTHING).kind in "iu":
        values = [int(it) if _is_whole_number(it) else it for it in values]
    return values[0] if field.shape == () and len(values) == 1 else values


def _is_whole_number(value: Any) -> bool:
    return isinstance(value, float) and value.is_integer() and abs(value) <= _LARGEST_EXACT


def _names(reader: Reader, columns: Any, signature: Signature) -> List[str]:
    """Return the columns' names; the inputs' where there are none."""
    if columns is None:
        return [field.name for field in signature.inputs]
    names = _checked(reader, columns, f"{SPLIT}.columns", list, "a list of names")
    if not all(isinstance(name, str) for name in names) or len(set(names)) < len(names):
        raise InvalidInput(f"{SPLIT}.columns must be texts, each of them once")
    return list(names)


def _is_whole(columns: Any, signature: Signature) -> bool:
    """Whether the table as a whole is the only input: its columns have names of their own."""
    inputs = signature.inputs
    is_table = len(inputs) == 1 and len(inputs[0].shape or (0, 0)) > 1
    return is_table and columns != [inputs[0].name]


def _checked(reader: Reader, node: Any, place: str, kind: type, expected: str) -> Any:
    if not isinstance(node, kind):
        reader.refuse(node, place, expected)
    return node
