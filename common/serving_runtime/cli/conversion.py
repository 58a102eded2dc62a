"""Make the arrays that a user wrote into those that a signature declares."""

from typing import Any, Dict, FrozenSet, Tuple

import numpy as np

from serving_runtime import validation
from serving_runtime.client.arrays import tensor_of
from serving_runtime.client.missing import with_masks
from serving_runtime.signature import ANY, MAP, STRING, Field, Nullable, Signature, Tensor
from serving_runtime.validation import maps, missing
from serving_runtime.validation.problems import Problems


def text_names(signature: Signature) -> FrozenSet[str]:
    """Return the names of the inputs that are strings."""
    return frozenset(field.name for field in signature.inputs if field.dtype == STRING)


def convert(signature: Signature, inputs: Dict[str, Any]) -> Dict[str, Any]:
    """Return the inputs in the dtypes and shapes that the signature declares.

    Raises:
        InvalidInput: they cannot be; names every problem, as the service would.
        TypeError: an input is of a type that no tensor can hold.
    """
    shapes = {field.name: field.shape for field in signature.inputs if field.shape is not None}
    shaped = {
        name: value
        if name not in shapes or not isinstance(value, np.ndarray)
        else fit(value, shapes[name])
        for name, value in inputs.items()
    }
    tensors = {name: tensor_of(value, name) for name, value in with_masks(shaped).items()}
    any_missing = signature._replace(nullable=tuple(Nullable(it.name) for it in signature.inputs))
    values, marks = missing.separate(any_missing, tensors, Problems("input"))
    arrays = validation.validate_inputs(signature, values, "same_kind", bytes)
    masks = {}
    for name, (nullable, mask) in marks.items():  # the service says which columns can have them
        if arrays[name].dtype.kind == "f":
            arrays[name][mask] = np.nan
        else:
            masks[nullable.mask] = mask
    return {**_declared(signature.inputs, arrays), **masks}


def fit(array: np.ndarray, shape: Tuple[int, ...]) -> np.ndarray:
    """Reshape each row as declared, if it has as many values; else leave the array alone.

    A CSV has rows of single values, where a model may want [-1, 1], [-1, 28, 28] or a scalar.
    """
    wanted = shape if shape[:1] != (-1,) else (len(array) if array.ndim else 1, *shape[1:])
    size = 1
    for length in wanted:  # not np.prod, which overflows silently
        size *= length
    return array.reshape(wanted) if -1 not in wanted and size == array.size else array


def _declared(fields: Tuple[Field, ...], arrays: Dict[str, Any]) -> Dict[str, Any]:
    """Label each array with the dtype declared: NumPy has no bfloat16 or qint8."""
    return {field.name: _tensor(field, arrays[field.name]) for field in fields}


def _tensor(field: Field, value: Any) -> Any:
    if field.dtype == MAP and field.subfields:
        if isinstance(value, np.ndarray):
            items = [_declared(field.subfields, item) for item in value.ravel()]
            return maps.array_of(items, value.shape)
        return _declared(field.subfields, value)
    return value if field.dtype in (ANY, MAP) else Tensor(field.dtype, value)
