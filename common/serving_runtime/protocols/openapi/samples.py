"""Make the examples: requests of zeros and empty texts, or of what the model is known to take."""

from typing import Any, Dict, Mapping, Optional

import numpy as np

from serving_runtime.contract.samples import sample_inputs
from serving_runtime.errors import LoadError
from serving_runtime.protocols.openapi import rows, tensors
from serving_runtime.protocols.shapes import element_count
from serving_runtime.signature import Field, MapArray, Signature, Tensor, Value

# Values that a document shows: more make it longer than all else in it, and than anyone reads.
MAX_VALUES = 4096


def of_predict(signature: Signature, is_default: bool) -> Optional[Dict[str, Any]]:
    """Return a body for ``:predict``; None if it would be too long."""
    values = of_inputs(signature)
    if values is None:
        return None
    named = {} if is_default else {"signature_name": signature.name}
    if not rows.takes_rows(signature) or any(it.shape is None for it in signature.inputs):
        has_name = not rows.takes_bare_values(signature, is_row=False)
        return {**named, "inputs": values if has_name else _only(values)}
    if rows.takes_bare_values(signature, is_row=True):
        return {**named, "instances": _only(values)}
    count = min(len(value) for value in values.values())
    instances = [{name: value[row] for name, value in values.items()} for row in range(count)]
    return {**named, "instances": instances}


def of_infer(signature: Signature, is_default: bool) -> Optional[Dict[str, Any]]:
    """Return a body for ``/infer``; None if it would be too long."""
    if _is_long(signature):
        return None
    values = sample_inputs(signature).values()
    pairs = zip(signature.inputs, values)
    inputs = [_tensor(field, value) for field, value in pairs if isinstance(value, Tensor)]
    named = {} if is_default else {"parameters": {"signature_name": signature.name}}
    return {**named, "inputs": inputs}


def _tensor(field: Field, value: Tensor) -> Dict[str, Any]:
    return {
        "name": field.name,
        "datatype": tensors.datatype_of(field) or "FP32",  # what a sample of any dtype is
        "shape": list(value.array.shape),
        "data": _plain(value._replace(array=value.array.reshape(-1))),
    }


def of_inputs(signature: Signature) -> Optional[Dict[str, Any]]:
    """Return a value for each input, by its name; None if they would be too long."""
    if _is_long(signature):
        return None
    return {name: _plain(value) for name, value in sample_inputs(signature).items()}


def _is_long(signature: Signature) -> bool:
    """Whether a sample has too many values, or is more than any request can hold."""
    sizes = [element_count(abs(size) for size in it.shape or ()) for it in signature.inputs]
    if sum(sizes) > MAX_VALUES:
        return True
    try:
        sample_inputs(signature)
    except LoadError:
        return True
    return False


def _only(values: Mapping[str, Any]) -> Any:
    [value] = values.values()
    return value


def _plain(value: Value) -> Any:
    """Return a value as JSON has it."""
    if isinstance(value, Tensor):
        return _of_tensor(value)
    if isinstance(value, MapArray):
        return _each(value.array.tolist())
    return {name: _plain(it) for name, it in value.items()}


def _each(value: Any) -> Any:
    return [_each(it) for it in value] if isinstance(value, list) else _plain(value)


def _of_tensor(tensor: Tensor) -> Any:
    array = tensor.array
    if array.dtype == object:
        array = np.array(np.frompyfunc(bytes.decode, 1, 1)(array), dtype=object)
    elif array.dtype.kind == "c":
        array = np.stack([array.real, array.imag], axis=-1)
    return array.tolist()
