"""Read the arrays of a request: JSON, CSV or .npz, from a file, standard input or the shell."""

import csv
import io
import json
import sys
from pathlib import Path
from typing import Any, Callable, Container, Dict, Iterator, List, Sequence, Set, Tuple

import numpy as np

from serving_runtime.signature import ANY
from serving_runtime.validation.tensors import NotATensor, as_tensor

Inputs = Dict[str, Any]

EXPECTED = "expected a JSON object of arrays, such as '{\"x\": [[1.0, 2.0]]}', a CSV with a header"


class UnreadableInput(Exception):
    """The input is no set of named arrays; the text is what is wrong with it."""


def read(source: str, matrix_name: str = "", text_names: Container[str] = ()) -> Inputs:
    """Read named arrays; content, not the file's name, decides the format.

    Args:
        source: a path, ``-`` for standard input, or a JSON object itself.
        matrix_name: the one input that all columns of a CSV make together, as a 2-D array; if
            empty, each column is the input of its name.
        text_names: the inputs that are strings: a CSV cannot say that 007 is one.

    Raises:
        UnreadableInput: it cannot be read, or is in none of the formats.
    """
    data = source.encode() if source.lstrip().startswith("{") else _bytes(source)
    if data.startswith(b"PK"):
        return _from_npz(data)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UnreadableInput(f"neither text nor .npz: {EXPECTED}, or .npz") from None
    if text.lstrip().startswith(("{", "[")):
        return _from_json(text)
    return _from_csv(text, matrix_name, text_names)


def _bytes(source: str) -> bytes:
    if source == "-":
        return sys.stdin.buffer.read()
    try:
        return Path(source).read_bytes()
    except OSError as error:
        raise UnreadableInput(f"{source}: {error.strerror}; {EXPECTED}, or .npz") from None


def _from_npz(data: bytes) -> Inputs:
    try:
        # Never pickles: a file of inputs must not be able to run code.
        with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
            return {name: arrays[name] for name in arrays.files}
    except (ValueError, KeyError, OSError) as error:
        raise UnreadableInput(f"this .npz cannot be read: {error}") from None


def _from_json(text: str) -> Inputs:
    try:
        values = json.loads(text)
    except ValueError as error:
        raise UnreadableInput(f"this JSON cannot be read: {error}") from None
    if not isinstance(values, dict):
        raise UnreadableInput("this JSON is no object: write the input's name before its values")
    return {name: _value(name, value) for name, value in values.items()}


def _value(name: str, value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _value(f"{name}.{key}", inner) for key, inner in value.items()}
    if isinstance(value, list) and value and all(isinstance(item, dict) for item in value):
        return [_value(f"{name}[{index}]", item) for index, item in enumerate(value)]
    _check_regular(name, value)
    kinds = {_kind(leaf) for leaf in _leaves(value)}
    # Of a column, null is a value that is missing; the service says where it is none.
    has_missing = "null" in kinds and isinstance(value, list)
    kinds -= {"null"} if has_missing else set()
    if len(kinds) > 1:
        raise UnreadableInput(f'input "{name}" mixes {" and ".join(sorted(kinds))}')
    if kinds - {"numbers", "strings", "booleans"}:
        raise UnreadableInput(f'input "{name}" holds {kinds.pop()}: no tensor can')
    if has_missing or kinds == {"strings"}:
        return np.array(value, dtype=object)
    try:
        return as_tensor(value, ANY).array
    except NotATensor as error:
        raise UnreadableInput(f'input "{name}" holds {error}') from None


def _check_regular(name: str, value: Any) -> None:
    if not isinstance(value, list):
        return
    shapes = {_shape(item) for item in value}
    if len(shapes) > 1:
        lengths = " and ".join(sorted(str(list(shape)) for shape in shapes))
        raise UnreadableInput(f'input "{name}" is ragged: its items have shapes {lengths}')
    for item in value:
        _check_regular(name, item)


def _shape(value: Any) -> Tuple[int, ...]:
    if not isinstance(value, list):
        return ()
    return (len(value), *(_shape(value[0]) if value else ()))


def _leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, list):
        for item in value:
            yield from _leaves(item)
    else:
        yield value


def _kind(leaf: Any) -> str:
    if isinstance(leaf, bool):
        return "booleans"
    if isinstance(leaf, (int, float)):
        return "numbers"
    return {str: "strings", type(None): "null", dict: "objects"}[type(leaf)]


def _from_csv(text: str, matrix_name: str, text_names: Container[str]) -> Inputs:
    rows = [row for row in csv.reader(io.StringIO(text, newline="")) if row]
    if not rows:
        raise UnreadableInput(f"there is nothing to read: {EXPECTED}, or .npz")
    header, body = [name.strip() for name in rows[0]], rows[1:]
    _check_rows(header, body)
    columns = [
        _column([row[index] for row in body], is_text=(matrix_name or name) in text_names)
        for index, name in enumerate(header)
    ]
    if matrix_name:
        return {matrix_name: _matrix(header, columns)}
    return dict(zip(header, columns))


def _check_rows(header: List[str], body: Sequence[List[str]]) -> None:
    twice = _repeated(header)
    if twice:
        raise UnreadableInput(f"columns of the CSV share a name: {', '.join(sorted(twice))}")
    if not body:
        raise UnreadableInput(f"the CSV has a header ({', '.join(header)}) but no rows")
    for number, row in enumerate(body, 2):
        if len(row) != len(header):
            raise UnreadableInput(
                f"line {number} of the CSV has {len(row)} values, the header {len(header)} names"
            )


def _repeated(names: Sequence[str]) -> Set[str]:
    return {name for name in names if list(names).count(name) > 1}


def _column(cells: List[str], is_text: bool) -> np.ndarray:
    """Read a column as integers if all its cells are, else as numbers, else as strings.

    An empty cell among numbers is missing; among strings it is an empty one.
    """
    numbers = [] if is_text else [cell for cell in cells if cell.strip()]
    readers: Sequence[Callable[[str], Any]] = (int, float) if numbers else ()
    for read_cell in readers:
        try:
            there = as_tensor([read_cell(cell) for cell in numbers], ANY).array
        except (ValueError, NotATensor):
            continue
        return there if len(there) == len(cells) else _with_missing(cells, there)
    return np.array(cells, dtype=object)


def _with_missing(cells: List[str], there: np.ndarray) -> np.ndarray:
    values = iter(there.tolist())
    column = np.empty(len(cells), dtype=object)
    column[:] = [next(values) if cell.strip() else None for cell in cells]
    return column


def _matrix(header: Sequence[str], columns: Sequence[np.ndarray]) -> np.ndarray:
    texts = [name for name, column in zip(header, columns) if _has_texts(column)]
    if texts and len(texts) < len(columns):
        raise UnreadableInput(f"columns {', '.join(texts)} are no numbers: one array cannot mix")
    joined = np.stack(columns, axis=1)
    return (
        joined if texts else joined.astype(np.float64 if joined.dtype == object else joined.dtype)
    )


def _has_texts(column: np.ndarray) -> bool:
    return any(isinstance(cell, str) for cell in column.tolist())
