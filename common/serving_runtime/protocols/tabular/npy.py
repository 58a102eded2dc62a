"""Read and write tables as NumPy's own files: ``application/x-npy``.

See: numpy/lib/format.py in https://github.com/numpy/numpy
"""

import ast
import io
from typing import Any, Dict, Tuple

import numpy as np

from serving_runtime.errors import InvalidInput, RequestOverBudget
from serving_runtime.ipc.frames import Bytes
from serving_runtime.protocols.shapes import element_count, resolve
from serving_runtime.signature import NUMPY_DTYPES, STRING, Signature, Tensor, Value, dtype_name

_MAGIC_BYTES = 8
_SIZE_BYTES = {1: 2, 2: 4, 3: 4}  # of the header's length, by the format's version
# As much as NumPy itself reads of a file that it does not trust: it is Python to be evaluated.
_MAX_HEADER_BYTES = 10_000
_MAX_DEPTH = 8  # a field of a field of a structured array


def read(payload: Bytes, signature: Signature, max_expanded_bytes: int) -> Dict[str, Value]:
    """Return a file's array as the inputs of a signature.

    The array is the one input; or a column of it is an input, in the contract's order; or each
    field of a structured array is the input of its name.

    Args:
        payload: the file.
        signature: what the model takes.
        max_expanded_bytes: how much memory a model may need for rows without columns, which cost
            the client nothing.

    Raises:
        InvalidInput: it is no such file, or has another number of columns.
        RequestOverBudget: more rows without columns than that.
    """
    array = read_array(payload)
    if array.ndim and not array.size and len(array) * array.itemsize > max_expanded_bytes:
        raise RequestOverBudget(
            f"the file's {len(array)} rows without columns would grow beyond "
            f"RUNTIME_MAX_EXPANDED_BYTES={max_expanded_bytes}"
        )
    if array.dtype.names:
        return {name: _tensor(array[name]) for name in array.dtype.names}
    inputs = signature.inputs
    if len(inputs) == 1:
        return {inputs[0].name: _tensor(array)}
    if array.ndim != 2 or array.shape[1] != len(inputs):
        raise InvalidInput(
            f"the file has an array of shape {list(array.shape)}, but expected are the columns "
            f"{', '.join(field.name for field in inputs)}, as [-1, {len(inputs)}] or as a "
            "structured array with these names"
        )
    # A model's input is an array of its own, not every n-th value of another.
    return {
        field.name: _tensor(np.ascontiguousarray(array[:, column]).reshape(_shape(field, array)))
        for column, field in enumerate(inputs)
    }


def read_array(payload: Bytes) -> np.ndarray:
    """Return a file's array, as a view of the file where it can be.

    Raises:
        InvalidInput: it is no such file, is cut short, or holds Python's objects.
    """
    view = memoryview(payload)
    shape, is_fortran, dtype, start = _header(view)
    if dtype.hasobject:
        raise InvalidInput("the file holds Python objects, which are not read: send texts as JSON")
    resolved = resolve(list(shape), 0)
    expected = element_count(resolved) * dtype.itemsize
    if expected != len(view) - start:
        raise InvalidInput(
            f"the file has {len(view) - start} bytes of values, but {dtype}{list(shape)} are "
            f"{expected}"
        )
    flat: np.ndarray = (
        np.frombuffer(view[start:], np.uint8).view(dtype) if expected else (np.empty(0, dtype))
    )
    return flat.reshape(resolved, order="F" if is_fortran else "C")


def write(array: np.ndarray) -> bytes:
    """Return an array as a file."""
    file = io.BytesIO()
    np.lib.format.write_array(file, array, allow_pickle=False)
    return file.getvalue()


def _header(view: memoryview) -> Tuple[Tuple[int, ...], bool, Any, int]:
    """Return the shape, whether columns come first, the dtype, and where the values begin."""
    try:
        version, _ = np.lib.format.read_magic(io.BytesIO(view[:_MAGIC_BYTES]))
        stop = _MAGIC_BYTES + _SIZE_BYTES[version]
        length = int.from_bytes(view[_MAGIC_BYTES:stop], "little")
        _check(bytes(view[stop : stop + length]), length)
        # Version 3 differs in its encoding only, which is for names that no dtype here has.
        read_header = getattr(np.lib.format, f"read_array_header_{min(version, 2)}_0")
        shape, is_fortran, dtype = read_header(io.BytesIO(view[_MAGIC_BYTES : stop + length]))
    except (ValueError, KeyError, SyntaxError, TypeError, MemoryError, RecursionError) as error:
        raise InvalidInput(f"this is no file of NumPy's (.npy): {error}") from None
    return shape, is_fortran, dtype, stop + length


def _check(header: bytes, length: int) -> None:
    """Check that a header is one that NumPy reads without trouble.

    It is a dict as Python has it, and Python's compiler is not made for what clients may send.

    Raises:
        ValueError: it is none; or another of ``ast.literal_eval``'s errors.
    """
    if length > _MAX_HEADER_BYTES:
        raise ValueError(f"its header has {length} bytes, more than {_MAX_HEADER_BYTES}")
    text = header.decode("latin-1")
    depth = 0
    for letter in text:
        depth += (letter in "([{") - (letter in ")]}")
        if depth > _MAX_DEPTH or letter in "+-~*":
            raise ValueError("its header is no dict of a dtype and a shape")
    ast.literal_eval(text.strip())


def _shape(field: Any, array: np.ndarray) -> Tuple[int, ...]:
    rank = 1 if field.shape is None else len(field.shape)
    return (len(array),) + (1,) * (rank - 1) if rank else ()


def _tensor(array: np.ndarray) -> Tensor:
    try:
        name = dtype_name(array.dtype)
    except TypeError:
        raise InvalidInput(f"the file holds NumPy's {array.dtype}, which no input is") from None
    if name != STRING:
        return Tensor(name, array.astype(NUMPY_DTYPES[name], copy=False))
    texts = np.empty(array.size, dtype=object)
    texts[:] = [it.encode() if isinstance(it, str) else it for it in array.ravel().tolist()]
    return Tensor(STRING, texts.reshape(array.shape))
