"""Fit one tensor to one declared field: what inputs and outputs have in common."""

from typing import Any, Mapping, Optional, Sequence

import numpy as np

from serving_runtime.errors import Problem, ProblemKind
from serving_runtime.signature import ANY, Field, Tensor
from serving_runtime.validation import casts, shapes
from serving_runtime.validation.problems import Problems, mismatch


def convert_field(
    field: Field, tensor: Tensor, policy: str, path: str, problems: Problems
) -> Optional[np.ndarray]:
    """Return the tensor's array in the field's dtype, or None and a problem more."""
    is_cast = casts.is_allowed(tensor.dtype, field.dtype, policy)
    has_shape = shapes.fits(tensor.array.shape, field.shape)
    if not (is_cast and has_shape):
        problems.add(mismatch(path, field, tensor, is_cast, has_shape))
        return None
    try:
        return casts.convert_allowed(tensor, field.dtype)
    except casts.CastError as error:
        problems.add(Problem(ProblemKind.CAST, path, str(field), str(tensor), reason=str(error)))
        return None


def fields_of(field: Field, values: Mapping[Any, Any]) -> Sequence[Field]:
    """Return the fields of a map; where the contract leaves them open, just what is there."""
    return field.subfields or [Field(name, ANY) for name in values]
