"""Put in a model's columns what stands for a missing value, where a request's mask marks one.

The mask of the input ``city`` is the input ``city:missing``: booleans, in the same shape. What a
request has beside them, in the places that they mark, means nothing.
"""

from typing import Any, Container, Dict, Mapping, NamedTuple, Optional, Tuple

import numpy as np

from serving_runtime.errors import Problem, ProblemKind
from serving_runtime.model import Model
from serving_runtime.signature import (
    MISSING_SUFFIX,
    NUMPY_DTYPES,
    STRING,
    Contract,
    Field,
    Nullable,
    Signature,
    Tensor,
    Value,
)
from serving_runtime.validation import casts
from serving_runtime.validation.problems import Problems, mismatch


class Mark(NamedTuple):
    """Which values of an input are missing, and what the model is given for them."""

    nullable: Nullable
    mask: np.ndarray


def with_nullable(contract: Contract, model: Model) -> Contract:
    """Return a contract that knows which inputs may have missing values, and samples of them."""
    return contract._replace(
        signatures=tuple(
            signature._replace(
                nullable=_unambiguous(signature, model.nullable(signature)),
                samples=tuple(model.samples(signature).items()),
            )
            for signature in contract.signatures
        )
    )


def separate(
    signature: Signature, tensors: Mapping[str, Value], problems: Problems
) -> Tuple[Mapping[str, Value], Dict[str, Mark]]:
    """Return a request's values without its masks, and the marks by the names of the inputs.

    What a mask marks is made something that every check passes.

    Args:
        signature: what the model takes.
        tensors: by name, as decoded.
        problems: get those of the masks.
    """
    masked = [it for it in signature.nullable if it.mask in tensors]
    if not masked:
        return tensors, {}
    values, marks = dict(tensors), {}
    declared = {field.name: field for field in signature.inputs}
    for nullable in masked:
        sent, value = values.pop(nullable.mask), values.get(nullable.name)
        if not isinstance(value, Tensor):  # it is missing, or a map: said elsewhere
            continue
        mask = _mask(nullable.mask, sent, value, problems)
        if mask is not None and mask.any():
            values[nullable.name] = _blanked(value, mask, declared[nullable.name])
            marks[nullable.name] = Mark(nullable, mask)
    return values, marks


def put(arrays: Dict[str, Any], marks: Mapping[str, Mark], problems: Problems) -> None:
    """Put what stands for a missing value into arrays that have been validated."""
    for name, (nullable, mask) in marks.items():
        if arrays.get(name) is not None:
            arrays[name] = _marked(arrays[name], mask, nullable, problems)


def reason_not(name: str, declared: Container[str]) -> str:
    """Return why an input that looks like a mask is none; empty if it does not look like one."""
    column = name[: -len(MISSING_SUFFIX)] if name.endswith(MISSING_SUFFIX) else ""
    return f'column "{column}" cannot hold a missing value' if column in declared else ""


def _unambiguous(signature: Signature, found: Tuple[Nullable, ...]) -> Tuple[Nullable, ...]:
    """Leave out those whose mask has the name of an input."""
    declared = {field.name for field in signature.inputs}
    return tuple(nullable for nullable in found if nullable.mask not in declared)


def _mask(name: str, sent: Value, value: Tensor, problems: Problems) -> Optional[np.ndarray]:
    shape = value.array.shape
    expected = Field(name, "bool", shape)
    if not isinstance(sent, Tensor):
        problems.add(Problem(ProblemKind.DTYPE, name, str(expected), "map"))
        return None
    if sent.dtype != "bool" or sent.array.shape != shape:
        is_bool, has_shape = sent.dtype == "bool", sent.array.shape == shape
        problems.add(mismatch(name, expected, sent, is_bool, has_shape))
        return None
    return sent.array


def _blanked(tensor: Tensor, mask: np.ndarray, field: Field) -> Tensor:
    """Return the tensor with zeros, or empty texts, where the mask marks it.

    If it marks everything, the tensor may have had any dtype.
    """
    if mask.all() and field.dtype in NUMPY_DTYPES:
        tensor = Tensor(field.dtype, np.empty(mask.shape, NUMPY_DTYPES[field.dtype]))
    array = tensor.array.copy()
    array[mask] = b"" if tensor.dtype == STRING else 0
    return tensor._replace(array=array)


def _marked(
    array: np.ndarray, mask: np.ndarray, nullable: Nullable, problems: Problems
) -> Optional[np.ndarray]:
    kind = array.dtype.kind
    if kind == "f":
        array[mask] = np.nan
    elif kind == "O":
        array[mask] = nullable.value
    elif kind in "biu" and nullable.numbers:
        return _numbers(array, mask, nullable, problems)
    else:
        reason = f'column "{nullable.name}" cannot hold a missing value'
        problems.add_unreadable(nullable.mask, reason)
        return None
    return array


def _numbers(
    array: np.ndarray, mask: np.ndarray, nullable: Nullable, problems: Problems
) -> Optional[np.ndarray]:
    """Return integers or booleans as what can hold a missing one as well."""
    if nullable.numbers == "object":
        found = array.astype(object)
        found[mask] = nullable.value
        return found
    if array.dtype.kind == "b":
        array = array.astype(np.int8)  # 0 and 1, which every float holds
    try:
        found = casts.convert(Tensor(array.dtype.name, array), nullable.numbers, casts.SAME_KIND)
    except casts.CastError as error:
        problems.add_unreadable(nullable.name, f"{error}, which a column with missing values is")
        return None
    found[mask] = np.nan
    return found
