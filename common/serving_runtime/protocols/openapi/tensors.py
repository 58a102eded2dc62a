"""Describe the bodies of Open Inference's REST: tensors with their names, datatypes and shapes."""

from typing import Any, Dict, Iterable, List, Optional

from serving_runtime.protocols.openapi.schemas import Schema, flat_of, nullable_of, value_of
from serving_runtime.signature import (
    ANY,
    FLOATS,
    MAP,
    STRING,
    Contract,
    Field,
    Signature,
    shape_text,
)

# What has no datatype of the standard: maps, complex and quantised numbers.
_KINDS = {"bool": "BOOL", STRING: "BYTES", "bfloat16": "BF16"}
_KINDS.update({f"float{bits}": f"FP{bits}" for bits in (16, 32, 64)})
_KINDS.update(
    {
        f"{kind}{bits}": f"{kind.upper()}{bits}"
        for kind in ("int", "uint")
        for bits in (8, 16, 32, 64)
    }
)

_SHAPE: Schema = {"type": "array", "items": {"type": "integer", "minimum": 0}}
_NO_TEXT_OR: Schema = {"type": ["object", "null"]}


def is_carried(signature: Signature) -> bool:
    """Whether each input and output has a datatype."""
    fields = signature.inputs + signature.outputs
    return all(field.dtype in _KINDS or field.dtype == ANY for field in fields)


def datatype_of(field: Field) -> str:
    """Return what the protocol calls a dtype; empty where it is for the client to say."""
    return _KINDS.get(field.dtype, "")


def requests(contract: Contract, default: Optional[Signature]) -> Schema:
    """Return the schema of what ``/infer`` takes; the arguments are those of ``rows.requests``."""
    carried = [it for it in contract.signatures if is_carried(it)]
    return {"anyOf": [_request(signature, signature is default) for signature in carried]}


def replies(contract: Contract) -> Schema:
    """Return the schema of what ``/infer`` answers."""
    outputs = [field for it in contract.signatures if is_carried(it) for field in it.outputs]
    return {
        "type": "object",
        "properties": {
            "model_name": {"type": "string"},
            "model_version": {"type": "string"},
            "id": {"type": "string"},
            "parameters": {"type": "object"},
            "outputs": {"type": "array", "items": _any_tensor(outputs, is_output=True)},
        },
        "required": ["model_name", "outputs"],
    }


def _request(signature: Signature, is_default: bool) -> Schema:
    parameters: Dict[str, Any] = {"type": ["object", "null"]}
    chosen = {"signature_name": {"const": signature.name}}
    if not is_default:
        parameters = {"type": "object", "properties": chosen, "required": ["signature_name"]}
    needed = len(signature.inputs)
    return {
        "type": "object",
        "title": signature.name,
        "properties": {
            "id": {"type": ["string", "null"]},
            "parameters": parameters,
            "inputs": {
                "type": "array",
                "items": _any_tensor(
                    signature.inputs + signature.optional_inputs, nullable_of(signature)
                ),
                "minItems": needed,
                "maxItems": needed + len(signature.optional_inputs),
                "allOf": [_has_one(field.name) for field in signature.inputs],
            },
            "outputs": {"type": ["array", "null"], "items": _requested(signature.outputs)},
        },
        "required": ["inputs", *([] if is_default else ["parameters"])],
    }


def _has_one(name: str) -> Schema:
    named: Schema = {"properties": {"name": {"const": name}}, "required": ["name"]}
    return {"contains": named, "maxContains": 1}


def _any_tensor(fields: Iterable[Field], nullable: Any = (), is_output: bool = False) -> Schema:
    forms = [_tensor(field, field.name in nullable, is_output) for field in fields]
    return {"anyOf": forms} if forms else {"type": "object"}


def _tensor(field: Field, is_nullable: bool, is_output: bool) -> Schema:
    datatype = datatype_of(field)
    takes_null = is_nullable or is_output or field.dtype in FLOATS
    return {
        "type": "object",
        "description": f"{datatype or 'of any datatype: '}{shape_text(field.shape)}",
        "properties": {
            "name": {"const": field.name},
            "datatype": {"const": datatype} if datatype else {"enum": sorted(_KINDS.values())},
            "shape": _SHAPE,
            "parameters": _NO_TEXT_OR,
            "data": _data(field, takes_null),
        },
        "required": ["name", "datatype", "shape", "data"],
    }


def _data(field: Field, takes_null: bool) -> Schema:
    if field.dtype in (ANY, MAP) or not field.shape:
        return {"type": "array"}
    nested = value_of(field, field.shape, takes_null)
    flat = flat_of(field.dtype, takes_null)
    return flat if len(field.shape) == 1 else {"anyOf": [nested, flat]}


def _requested(outputs: Iterable[Field]) -> Schema:
    names: List[str] = [field.name for field in outputs]
    return {
        "type": "object",
        "properties": {"name": {"enum": names} if names else {}, "parameters": _NO_TEXT_OR},
        "required": ["name"],
    }
