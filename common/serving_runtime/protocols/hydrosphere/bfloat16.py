"""Find bfloat16, which the tensors of 3.x have no number for."""

from typing import Iterable, Iterator, Mapping, Tuple, Union

from serving_runtime.signature import ANY, Field, MapArray, Signature, Tensor, Value
from serving_runtime.validation.problems import child

DTYPE = "bfloat16"


def in_signature(signature: Signature) -> Tuple[str, ...]:
    """Return which inputs and outputs are declared so, as ``input "x"``."""
    sides = (("input", signature.inputs), ("output", signature.outputs))
    return tuple(f'{side} "{path}"' for side, fields in sides for path in _declared(fields, DTYPE))


def may_be_returned(signature: Signature) -> bool:
    """Whether an output may be so although none is declared so: where anything goes."""
    return any(True for _ in _declared(signature.outputs, ANY))


def in_outputs(outputs: Mapping[str, Value]) -> Tuple[str, ...]:
    """Return the paths of the outputs that are so."""
    return tuple(path for name, value in outputs.items() for path in _found(value, name))


def _declared(fields: Iterable[Field], dtype: str, parent: str = "") -> Iterator[str]:
    for field in fields:
        path = child(parent, field.name)
        if field.dtype == dtype:
            yield path
        yield from _declared(field.subfields, dtype, path)


def _found(value: Union[Value, MapArray], path: str) -> Iterator[str]:
    if isinstance(value, Tensor):
        if value.dtype == DTYPE:
            yield path
    elif isinstance(value, MapArray):
        for item in value.array.ravel():
            yield from _found(item, path)
    else:
        for name, inner in value.items():
            yield from _found(inner, child(path, name))
