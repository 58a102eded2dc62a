"""Describe in JSON Schema what JSON a field is read from, and what it is written as."""

from typing import Any, Container, Dict, Iterable, Tuple

import numpy as np

from serving_runtime.signature import (
    ANY,
    FREE,
    MAP,
    NUMPY_DTYPES,
    STRING,
    Field,
    Shape,
    Signature,
    shape_text,
)

Schema = Dict[str, Any]

# Texts that are no UTF-8 travel as base64, in an object of their own.
_BASE64: Schema = {
    "type": "object",
    "properties": {"b64": {"type": "string", "contentEncoding": "base64"}},
    "required": ["b64"],
    "additionalProperties": False,
}
# As it is written: a little more than it is, and read as the same.
_FLOAT_LIMITS = {"float16": 65504.0, "float32": float(str(np.finfo(np.float32).max))}
_FLOAT_LIMITS["bfloat16"] = _FLOAT_LIMITS["float32"]


def value_of(
    field: Field, shape: Shape, is_nullable: bool = False, is_output: bool = False
) -> Schema:
    """Return the schema of a field's value as nested lists.

    Args:
        field: an input or output.
        shape: of the value: the field's own, or without its first axis, for one row.
        is_nullable: whether null stands for a missing value.
        is_output: whether it is read rather than written: NaN may be null there.
    """
    leaf = _map(field, is_output) if field.dtype == MAP else _leaf(field.dtype)
    if is_nullable or (is_output and NUMPY_DTYPES.get(field.dtype, np.dtype(bool)).kind == "f"):
        leaf = {"anyOf": [leaf, {"type": "null"}]}
    if shape is None or field.dtype == ANY:
        schema = {"anyOf": [leaf, {"type": "array"}]} if leaf else {}
    else:
        schema = leaf
        for size in reversed(shape):
            schema = _array(schema, size)
    return {**schema, "description": f"{field.dtype}{shape_text(shape)}"}


def named(
    fields: Iterable[Tuple[Field, Shape]],
    nullable: Container[str] = (),
    optional: Iterable[Tuple[Field, Shape]] = (),
    is_output: bool = False,
) -> Schema:
    """Return the schema of an object that has a value for each field, each with its shape there."""
    required = list(fields)
    return {
        "type": "object",
        "properties": {
            field.name: value_of(field, shape, field.name in nullable, is_output)
            for field, shape in (*required, *optional)
        },
        "required": [field.name for field, _ in required],
        "additionalProperties": False,
    }


def nullable_of(signature: Signature) -> Container[str]:
    """Return the names of the inputs in which null is a missing value."""
    return {it.name for it in (*signature.nullable, *signature.nullable_floats)}


def flat_of(dtype: str, is_nullable: bool) -> Schema:
    """Return the schema of a tensor's values in one list, whatever its shape."""
    leaf = {"anyOf": [_leaf(dtype), {"type": "null"}]} if is_nullable else _leaf(dtype)
    return {"type": "array", "items": leaf}


def _array(items: Schema, size: int) -> Schema:
    schema: Schema = {"type": "array", "items": items}
    if size != FREE:
        schema.update(minItems=size, maxItems=size)
    return schema


def _map(field: Field, is_output: bool) -> Schema:
    if not field.subfields:
        return {"type": "object"}
    return named([(it, it.shape) for it in field.subfields], is_output=is_output)


def _leaf(dtype: str) -> Schema:
    if dtype == ANY:
        return {}
    if dtype == STRING:
        return {"anyOf": [{"type": "string"}, _BASE64]}
    kind = NUMPY_DTYPES[dtype].kind
    if kind == "b":
        return {"type": "boolean"}
    if kind == "c":  # the real and the imaginary part
        return _array({"type": "number"}, 2)
    if kind == "f":
        limit = _FLOAT_LIMITS.get(dtype)
        return {"type": "number", **({"minimum": -limit, "maximum": limit} if limit else {})}
    limits = np.iinfo(NUMPY_DTYPES[dtype].name)
    return {"type": "integer", "minimum": int(limits.min), "maximum": int(limits.max)}
