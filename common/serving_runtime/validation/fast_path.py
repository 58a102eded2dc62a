"""Pass at once what is just as the contract declares, as nearly everything is.

Whatever is not so is left to the checks proper, which convert what they can and say what is wrong.
"""

from typing import Any, Dict, Mapping, Optional, Sequence

import numpy as np

from serving_runtime.model import Arrays
from serving_runtime.signature import NUMPY_DTYPES, Field, Tensor, Value
from serving_runtime.validation import shapes

# The declared dtypes that NumPy itself has: an array tells by its own dtype that it is of them.
_OWN = {name: dtype for name, dtype in NUMPY_DTYPES.items() if dtype.name == name}


def inputs(fields: Sequence[Field], tensors: Mapping[str, Value]) -> Optional[Arrays]:
    """Return a request's arrays if none needs to be converted, else None."""
    if len(tensors) != len(fields):
        return None
    arrays: Arrays = {}
    for field in fields:
        tensor = tensors.get(field.name)
        if not isinstance(tensor, Tensor) or tensor.dtype != field.dtype:
            return None
        array = tensor.array
        if not _is_as_declared(array, field):
            return None
        arrays[field.name] = array if array.flags.carray else array.copy()
    return arrays if len(fields) == 1 or _have_equal_rows(fields, arrays) else None


def outputs(fields: Sequence[Field], results: Any) -> Optional[Dict[str, Value]]:
    """Return a model's results as tensors if none needs to be converted, else None."""
    if type(results) is not dict:
        return None
    tensors: Dict[str, Value] = {}
    for field in fields:
        array = results.get(field.name)
        if type(array) is not np.ndarray or not _is_as_declared(array, field):
            return None
        tensors[field.name] = Tensor(field.dtype, array)
    return tensors


def _is_as_declared(array: np.ndarray, field: Field) -> bool:
    return (
        field.dtype in _OWN
        and array.dtype == _OWN[field.dtype]
        and shapes.fits(array.shape, field.shape)
    )


def _have_equal_rows(fields: Sequence[Field], arrays: Arrays) -> bool:
    return len({len(arrays[field.name]) for field in fields if field.has_free_first_axis}) <= 1
