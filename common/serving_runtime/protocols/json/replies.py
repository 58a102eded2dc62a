"""Write a model's outputs in rows, as the answer to ``instances``, or in columns, to ``inputs``.

One output has no name then. Floats are written in the shortest form that is read as the same value,
NaN and infinities as the bare tokens of TensorFlow Serving; texts of an output that is called
``…_bytes``, and texts that are no UTF-8, as base64.
"""

from typing import Any, List, Mapping, Optional

import numpy as np

from serving_runtime.protocols.json import base64, writing
from serving_runtime.signature import STRING, MapArray, Tensor, Value

_BYTES_SUFFIX = "_bytes"


def reason_not_rows(outputs: Mapping[str, Value]) -> str:
    """Return why outputs cannot be written in rows; empty if they can."""
    sizes = {}
    for name, value in outputs.items():
        array = value.array if isinstance(value, (Tensor, MapArray)) else None
        if array is None or not array.ndim:
            return f'output "{name}" has no rows'
        sizes[name] = len(array)
    if len(set(sizes.values())) > 1:
        return f"the outputs differ in their rows: {sizes}"
    return ""


def rows(outputs: Mapping[str, Value]) -> bytes:
    """Return outputs that have equally many rows as a list with an item for each row."""
    if len(outputs) == 1:
        return columns(outputs)
    names = [writing.plain(name) + b":" for name in outputs]
    parts = [_rows_of(name, value) for name, value in outputs.items()]
    written = (
        b"{" + b",".join([name + part for name, part in zip(names, row)]) + b"}"
        for row in zip(*parts)
    )
    return b"[" + b",".join(written) + b"]"


def columns(outputs: Mapping[str, Value]) -> bytes:
    """Return outputs as an object with each by its name; the only one as what it is."""
    if len(outputs) == 1:
        [(name, value)] = outputs.items()
        return _written(name, value)
    return _object(outputs)


def _written(name: str, value: Value) -> bytes:
    if isinstance(value, Tensor):
        if value.dtype == STRING:
            return writing.plain(_texts(name, value.array))
        array = value.array
        if array.dtype.kind == "c":
            array = np.stack([array.real, array.imag], axis=-1)
        return writing.numbers(array, has_tokens=True)
    if isinstance(value, MapArray):
        return _maps(value.array.tolist())
    return _object(value)


def _object(values: Mapping[str, Value]) -> bytes:
    members = [writing.plain(name) + b":" + _written(name, it) for name, it in values.items()]
    return b"{" + b",".join(members) + b"}"


def _maps(value: Any) -> bytes:
    if isinstance(value, list):
        return b"[" + b",".join([_maps(it) for it in value]) + b"]"
    return _object(value)


def _rows_of(name: str, value: Value) -> List[bytes]:
    """Return what is written of each row."""
    if isinstance(value, Tensor):
        if value.dtype == STRING:
            return [writing.plain(row) for row in _texts(name, value.array)]
        cut = _cut(value.array) if value.array.dtype.kind in "biuf" else None
        if cut is not None:
            return cut
    if isinstance(value, (Tensor, MapArray)):
        each = (_row(value.array, index) for index in range(len(value.array)))
        return [_written(name, value._replace(array=row)) for row in each]
    return []


def _cut(array: np.ndarray) -> Optional[List[bytes]]:
    """Return the text of each row of numbers, of which the whole is written at once."""
    if not array.size:
        return None
    depth = array.ndim - 1
    opening, closing = b"[" * depth, b"]" * depth
    text = writing.numbers(array, has_tokens=True)
    inner = text[1 + depth : -1 - depth]
    return [opening + part + closing for part in inner.split(closing + b"," + opening)]


def _row(array: np.ndarray, index: int) -> np.ndarray:
    row = array[index : index + 1]
    return row.reshape(row.shape[1:])


def _texts(name: str, array: np.ndarray) -> Any:
    found = np.empty(array.size, object)
    found[:] = [_text(name, it) for it in array.ravel().tolist()]
    return found.reshape(array.shape).tolist()


def _text(name: str, value: bytes) -> Any:
    if name.endswith(_BYTES_SUFFIX):
        return base64.encode(value)
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return base64.encode(value)
