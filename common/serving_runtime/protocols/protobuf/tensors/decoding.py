"""Read a tensor's message in every encoding that TensorFlow's own tensor_util defines.

See: https://github.com/tensorflow/tensorflow/blob/master/tensorflow/python/framework/tensor_util.py
"""

from typing import Any, Dict, List, Mapping, Tuple

import numpy as np

from serving_runtime.errors import InvalidInput
from serving_runtime.protocols import shapes
from serving_runtime.protocols.protobuf.tensors.budget import DecodeBudget
from serving_runtime.protocols.protobuf.tensors.dtypes import (
    FIELD_DTYPES,
    MAP_NUMBER,
    MAP_VALUES,
    VALUE_FIELDS,
    WireType,
)
from serving_runtime.protocols.protobuf.tensors.form import TENSOR_PROTO, TensorForm
from serving_runtime.signature import NUMPY_DTYPES, STRING, MapArray, Tensor, Value, shape_text
from serving_runtime.validation import bfloat16, casts
from serving_runtime.validation.problems import Problems, quoted

_MAP_BYTES = 128  # of a dict and what stands for it in the parsed message, at least


def decode(proto: Any, budget: DecodeBudget, form: TensorForm = TENSOR_PROTO) -> Value:
    """Return the tensor as an array with its declared dtype, or a map of them, or several maps.

    Strings are bytes objects in an object array. A list of values that is shorter than the shape
    is continued with its last one. An array of raw bytes is a view of the message, read-only.

    Args:
        proto: as the client sent it.
        budget: the request's account, which is charged for continued values.
        form: of the message.

    Raises:
        InvalidInput: no array follows from it; the text says why, but not which input it is.
        LimitExceeded: continued values grow beyond the request's budget.
    """
    fields = {field.name: value for field, value in proto.ListFields()}
    number = fields.get("dtype", 0)
    if number == MAP_NUMBER:
        return _map(fields, budget, form)
    wire_type = form.by_number.get(number)
    if wire_type is None:
        reason = form.not_values.get(number, "")
        raise InvalidInput(f"dtype number {number} is not one that tensors are served in{reason}")
    source = _source(fields, wire_type, form.content)
    is_content = source == form.content
    if is_content:
        values = _from_content(fields[source], wire_type, source)
    else:
        values = _values(source, fields.get(source), wire_type)
    if source and wire_type.dtype != STRING:
        budget.note_numeric(is_content)
    shape = shapes.resolve(_dims(fields, values.size, form), values.size)
    return Tensor(wire_type.dtype, _shaped(values, shape, is_content, budget))


def decode_all(
    protos: Mapping[str, Any], budget: DecodeBudget, form: TensorForm = TENSOR_PROTO
) -> Tuple[Dict[str, Value], Dict[str, str]]:
    """Decode every tensor of a request; those that cannot be read are returned with the reason.

    They are returned and not raised, so that one message can have them and what the contract finds.

    Raises:
        InvalidInput: so many cannot be read that no more would fit into the message.
        LimitExceeded: as ``decode``.
    """
    values: Dict[str, Value] = {}
    unreadable: Dict[str, str] = {}
    problems = Problems("input")
    for name, proto in protos.items():
        try:
            values[name] = decode(proto, budget, form)
        except InvalidInput as problem:
            unreadable[name] = str(problem)
            problems.add_unreadable(name, str(problem))
            if problems.is_full:
                raise InvalidInput(str(problems), problems=problems.found) from None
    return values, unreadable


def _map(fields: Dict[str, Any], budget: DecodeBudget, form: TensorForm) -> Value:
    maps = fields.get(MAP_VALUES, ())
    others = sorted(VALUE_FIELDS.intersection(fields) - {MAP_VALUES})
    if others:
        raise InvalidInput(f"a map has its values in map_val, not in {others[0]}")
    shape = shapes.resolve(_dims(fields, len(maps), form), len(maps))
    if shapes.element_count(shape) != len(maps):
        given = _counted(len(maps), "map")
        wanted = _counted(shapes.element_count(shape), "element")
        raise InvalidInput(f"{given} for {wanted} of shape {shape_text(shape)}")
    if not shape:
        return _entries(maps[0], budget, form)
    # On the wire an empty one is three bytes.
    budget.charge(len(maps) * _MAP_BYTES)
    array = np.empty(len(maps), dtype=object)
    for index, item in enumerate(maps):
        try:
            array[index] = _entries(item, budget, form)
        except InvalidInput as problem:
            raise InvalidInput(f"in [{index}]: {problem}") from None
    return MapArray(array.reshape(shape))


def _entries(message: Any, budget: DecodeBudget, form: TensorForm) -> Dict[str, Value]:
    values = {}
    for key, proto in message.subtensors.items():
        try:
            values[key] = decode(proto, budget, form)
        except InvalidInput as problem:
            raise InvalidInput(f"in {quoted(key)}: {problem}") from None
    return values


def _source(fields: Dict[str, Any], wire_type: WireType, content: str) -> str:
    """Return which field holds the values, or nothing if none does."""
    present = sorted(VALUE_FIELDS.intersection(fields))
    if len(present) > 1:
        raise InvalidInput(f"values in both {present[0]} and {present[1]}")
    if not present:
        return ""
    allowed = wire_type.fields if wire_type.dtype == STRING else wire_type.fields + (content,)
    if present[0] not in allowed:
        raise InvalidInput(
            f"{wire_type.dtype} has its values in {' or '.join(allowed)}, not in {present[0]}"
        )
    return present[0]


def _dims(fields: Dict[str, Any], given: int, form: TensorForm) -> List[int]:
    """Return the dims as sent; an absent shape means scalar."""
    shape = fields.get("tensor_shape")
    return [] if shape is None else form.read_shape(shape, given)


def _values(source: str, value: Any, wire_type: WireType) -> np.ndarray:
    """Return the values that were sent, as an array of one axis in NumPy's dtype."""
    if not source:
        return np.empty(0, NUMPY_DTYPES[wire_type.dtype])
    if source == "string_val":
        return np.array(list(value), dtype=object)
    entries = FIELD_DTYPES[source]
    return from_entries(Tensor(entries, np.array(value, NUMPY_DTYPES[entries])), wire_type)


def _from_content(content: bytes, wire_type: WireType, field: str) -> np.ndarray:
    itemsize = wire_type.element.itemsize
    if len(content) % itemsize:
        raise InvalidInput(
            f"{field} of {len(content)} bytes is no multiple of {wire_type.dtype}'s {itemsize}"
        )
    if wire_type.dtype == "bool" and np.frombuffer(content, np.uint8).max() > 1:
        # NumPy would take any byte for a bool, and then add and compare those wrongly.
        raise InvalidInput(f"{field} of bool has bytes other than 0 and 1")
    values: np.ndarray = np.frombuffer(content, wire_type.element)
    return bfloat16.from_bits(values) if wire_type.dtype == "bfloat16" else values


def from_entries(entries: Tensor, wire_type: WireType) -> np.ndarray:
    """Make a typed field's entries the values of the tensor's own dtype.

    Raises:
        InvalidInput: an entry does not fit the dtype, or half of a pair is missing.
    """
    dtype = NUMPY_DTYPES[wire_type.dtype]
    try:
        if wire_type.field == "half_val":
            bits = casts.convert(entries, "uint16", casts.SAME_KIND)
            is_bfloat16 = wire_type.dtype == "bfloat16"
            return bfloat16.from_bits(bits) if is_bfloat16 else bits.view(dtype)
        if dtype.kind == "c":
            return _pairs(entries.array, dtype)
        return casts.convert(entries, wire_type.dtype, casts.SAME_KIND)
    except casts.CastError as problem:
        raise InvalidInput(str(problem)) from None


def _pairs(parts: np.ndarray, dtype: "np.dtype[np.generic]") -> np.ndarray:
    if parts.size % 2:
        raise InvalidInput(f"{parts.size} numbers do not make pairs for {dtype.name}")
    return parts.view(dtype)


def _shaped(
    values: np.ndarray, shape: Tuple[int, ...], is_content: bool, budget: DecodeBudget
) -> np.ndarray:
    count = shapes.element_count(shape)
    if values.size == count:
        if count == 0 and shape[0]:
            # Rows without columns cost the client nothing, but a model may allocate for each.
            budget.charge(shape[0] * values.itemsize)
        return values.reshape(shape)
    if values.size > count or is_content or values.size == 0:
        given = _counted(values.size, "value") if values.size else "no values"
        wanted = _counted(count, "element")
        raise InvalidInput(f"{given} for {wanted} of shape {shape_text(shape)}")
    budget.charge((count - values.size) * values.itemsize)
    full = np.empty(count, values.dtype)
    full[: values.size] = values
    full[values.size :] = values[-1]
    return full.reshape(shape)


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
