"""Fit one tensor to one declared field: what inputs and outputs have in common."""

from typing import Optional

import numpy as np

from serving_runtime.errors import Problem, ProblemKind
from serving_runtime.signature import ANY, NUMPY_DTYPES, Field, Tensor
from serving_runtime.validation import casts, shapes
from serving_runtime.validation.problems import Problems, mismatch


def convert_field(
    field: Field, tensor: Tensor, policy: str, path: str, problems: Problems
) -> Optional[np.ndarray]:
    """Return the tensor's array in the field's dtype, or None and a problem more."""
    sent = tensor
    if tensor.array.size == 0:
        tensor = _empty(field, tensor, policy)
    is_cast = casts.is_allowed(tensor.dtype, field.dtype, policy)
    has_shape = shapes.fits(tensor.array.shape, field.shape)
    if not (is_cast and has_shape):
        problems.add(mismatch(path, field, sent, is_cast, has_shape))
        return None
    try:
        return casts.convert_allowed(tensor, field.dtype)
    except casts.CastError as error:
        problems.add(Problem(ProblemKind.CAST, path, str(field), str(tensor), reason=str(error)))
        return None


def _empty(field: Field, tensor: Tensor, policy: str) -> Tensor:
    """Return an empty tensor as the field has it: values that are not there are of any dtype."""
    shape = shapes.of_empty(tensor.array.shape, field.shape)
    dtype = tensor.dtype if field.dtype == ANY or policy == casts.STRICT else field.dtype
    if shape is None or (shape == tensor.array.shape and dtype == tensor.dtype):
        return tensor
    # By its size: old NumPy allocates an empty array as if its empty axes had one element each.
    return Tensor(dtype, np.empty(0, NUMPY_DTYPES[dtype]).reshape(shape))
