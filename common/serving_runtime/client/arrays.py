"""Make tensors of what callers pass, and plain arrays of what a service answers."""

from typing import Any, Dict, Mapping

from serving_runtime.signature import ANY, MapArray, Tensor, Value
from serving_runtime.validation import maps
from serving_runtime.validation.tensors import NotATensor, as_declared, as_tensor


def tensor_of(value: Any, name: str) -> Value:
    """Return a tensor, or a map of them, for a value that has no declared dtype.

    Args:
        value: see ``Client.predict``.
        name: what messages call it.

    Raises:
        TypeError: no tensor can hold it; names the input.
    """
    try:
        if isinstance(value, Tensor):
            return as_declared(value)
        found = maps.found_in(value, ANY)
        if found is None:
            return as_tensor(value, ANY)
        if not isinstance(found, MapArray):
            maps.check_names(found)
    except NotATensor as error:
        raise TypeError(f'input "{name}": no tensor can hold {error}') from None
    if not isinstance(found, MapArray):
        return {key: tensor_of(inner, f"{name}.{key}") for key, inner in found.items()}
    items = [tensor_of(item, f"{name}[{at}]") for at, item in enumerate(found.array.ravel())]
    return MapArray(maps.array_of(items, found.array.shape))


def arrays_of(values: Mapping[str, Value]) -> Dict[str, Any]:
    """Return plain arrays, sorted by name: on the wire a map has no order, and it may vary."""
    return {name: _array_of(value) for name, value in sorted(values.items())}


def _array_of(value: Value) -> Any:
    if isinstance(value, MapArray):
        items = [arrays_of(item) for item in value.array.ravel()]
        return maps.array_of(items, value.array.shape)
    return value.array if isinstance(value, Tensor) else arrays_of(value)
