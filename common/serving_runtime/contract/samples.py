"""Make up a valid request from a signature alone, to warm a model up and to try it out."""

from typing import Any, Dict, Tuple

import numpy as np

from serving_runtime.errors import LoadError
from serving_runtime.signature import (
    ANY,
    FREE,
    MAP,
    NUMPY_DTYPES,
    STRING,
    Field,
    MapArray,
    Signature,
    Tensor,
    Value,
)

# No message can be larger: protobuf's and grpc's sizes are 32-bit integers.
MAX_SAMPLE_BYTES = 2**31 - 1


def sample_inputs(signature: Signature) -> Dict[str, Value]:
    """Return what the model is known to take, else zeros, in the form that the signature expects.

    A free dimension has size 1, a field of any shape is a scalar, one of any dtype is float32, a
    string is empty (as bytes, since that is how strings arrive), and a map holds its subfields.

    Raises:
        LoadError: an input is larger than any request can be.
    """
    found, fields = _samples(signature.inputs), {it.name: it for it in signature.inputs}
    found.update((name, _known(fields[name], value)) for name, value in signature.samples)
    return found


def _samples(fields: Tuple[Field, ...]) -> Dict[str, Value]:
    return {field.name: _sample(field) for field in fields}


def _known(field: Field, value: Any) -> Value:
    """Return a value in every place of a field; text makes strings of what may be anything."""
    values, dtype = np.array(value, dtype=object), field.dtype
    if dtype == ANY:
        dtype = STRING if any(isinstance(it, str) for it in values.flat) else "float32"
    if dtype == STRING:
        values = np.frompyfunc(str.encode, 1, 1)(values)
    array = np.empty(_shape_of(field), NUMPY_DTYPES[dtype])
    array[...] = values
    return Tensor(dtype, array)


def _shape_of(field: Field) -> Tuple[int, ...]:
    return tuple(1 if size == FREE else size for size in field.shape or ())


def _sample(field: Field) -> Value:
    if field.dtype == MAP:
        return _map_sample(field)
    dtype = "float32" if field.dtype == ANY else field.dtype
    shape = _shape_of(field)
    _check_size(field, NUMPY_DTYPES[dtype].itemsize, shape)
    if dtype == STRING:
        return Tensor(STRING, np.full(shape, b"", dtype=object))
    return Tensor(dtype, np.zeros(shape, NUMPY_DTYPES[dtype]))


def _map_sample(field: Field) -> Value:
    if not field.shape:
        return _samples(field.subfields)
    shape = _shape_of(field)
    _check_size(field, np.dtype(object).itemsize, shape)
    array = np.empty(shape, dtype=object)
    array.fill(_samples(field.subfields))
    return MapArray(array)


def _check_size(field: Field, item_bytes: int, shape: Tuple[int, ...]) -> None:
    size_bytes = item_bytes
    for size in shape:  # not np.prod, which overflows silently
        size_bytes *= size
    if size_bytes > MAX_SAMPLE_BYTES:
        problem = f'input "{field.name}" cannot be sent: {field} takes {size_bytes} bytes'
        fix = f"give it a shape of at most {MAX_SAMPLE_BYTES} bytes, or a free first dimension"
        raise LoadError(problem, fix)
