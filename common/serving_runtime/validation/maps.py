"""Fit maps, and arrays of them, to fields that declare them: the field's shape says which it is."""

from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence, Tuple, Union

import numpy as np

from serving_runtime.errors import Problem, ProblemKind
from serving_runtime.signature import ANY, MAP, Field, MapArray
from serving_runtime.validation import shapes
from serving_runtime.validation.objects import NotATensor, first_leaf
from serving_runtime.validation.problems import Problems, declared

Maps = Union[MapArray, Mapping[Any, Any]]
# Returns what a map's fields become, of the fields, the map and its place.
Convert = Callable[[Sequence[Field], Mapping[Any, Any], str], Dict[str, Any]]


def found_in(value: Any, dtype: str) -> Optional[Maps]:
    """Return the map, or the array of maps, that a value is; None if it is neither.

    Args:
        value: a mapping, or a list, a tuple or an array of objects, of mappings.
        dtype: what is declared; only where it is ``map`` is what is empty an array of maps.

    Raises:
        NotATensor: it is a list of lists of maps that differ in length.
    """
    if type(value) is np.ndarray and value.size and not value.dtype.hasobject:  # nearly always
        return None
    if isinstance(value, (Mapping, MapArray)):
        return value
    leaf = first_leaf(value)
    if isinstance(leaf, np.ndarray) and leaf is value:
        leaves, shape = value.ravel().tolist(), value.shape
    elif isinstance(leaf, (Mapping, list, tuple)):
        leaves, shape = _nested(value)
    else:
        return None
    if (leaves or dtype == MAP) and all(isinstance(leaf, Mapping) for leaf in leaves):
        return MapArray(array_of(leaves, shape))
    return None


def array_of(items: Sequence[Any], shape: Tuple[int, ...]) -> np.ndarray:
    """Return an array of objects; NumPy might take what a map holds for more axes."""
    array = np.empty(len(items), object)
    for index, item in enumerate(items):
        array[index] = item
    return array.reshape(shape)


def unwrapped(field: Field, value: Maps) -> Maps:
    """Return the one map of an array where the field has no axes: clients write it both ways."""
    if isinstance(value, MapArray) and not field.shape and value.array.size == 1:
        only: Mapping[Any, Any] = value.array.item()
        return only
    return value


def convert(field: Field, value: Maps, path: str, each: Convert, problems: Problems) -> Any:
    """Return a dict, or an array of dicts, whose values are those of the field's own fields.

    Args:
        field: of dtype ``map`` or ``any``.
        value: what came for it.
        path: of the field.
        each: converts one map.
        problems: gathers what prevents it; then None is returned.

    Raises:
        NotATensor: a map whose fields are not declared has a name that is no text.
    """
    if isinstance(value, Mapping):
        if not field.shape or field.dtype == ANY:
            return each(_fields_of(field, value), value, path)
        value = MapArray(array_of([value], (1,) * len(field.shape)))
    shape = value.array.shape
    if value.array.size == 0:
        shape = shapes.of_empty(shape, field.shape) or shape
    if not shapes.fits(shape, field.shape):
        hint = shapes.hint(shape, field.shape)
        found = Problem(ProblemKind.SHAPE, path, declared(field), str(value), hint=hint)
        problems.add(found)
        return None
    maps = enumerate(value.array.ravel().tolist())
    items = [each(_fields_of(field, it), it, f"{path}[{index}]") for index, it in maps]
    return array_of(items, shape)


def check_names(value: Mapping[Any, Any]) -> None:
    """Check that a map can be sent by the names that it has.

    Raises:
        NotATensor: a name is no text.
    """
    odd = sorted({type(name).__name__ for name in value if not isinstance(name, str)})
    if odd:
        raise NotATensor(f"a map with names of type {' and '.join(odd)}")


def _fields_of(field: Field, value: Mapping[Any, Any]) -> Sequence[Field]:
    """Return the fields of a map; where the contract leaves them open, just what is there."""
    if field.subfields:
        return field.subfields
    check_names(value)
    return [Field(name, ANY) for name in value]


def _nested(value: Any) -> Tuple[List[Any], Tuple[int, ...]]:
    """Return the leaves of nested lists, and the shape that these are."""
    if not isinstance(value, (list, tuple)):
        return [value], ()
    parts = [_nested(item) for item in value]
    sizes = {shape for _, shape in parts}
    if len(sizes) > 1:
        raise NotATensor("lists of maps that differ in length")
    leaves = [leaf for found, _ in parts for leaf in found]
    return leaves, (len(parts), *(sizes.pop() if sizes else ()))
