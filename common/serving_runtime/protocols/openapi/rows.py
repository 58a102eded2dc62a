"""Describe the bodies of TensorFlow Serving's REST: ``instances`` are rows, ``inputs`` columns."""

from typing import Any, Dict, List, Optional

from serving_runtime.protocols.openapi.schemas import Schema, named, nullable_of, value_of
from serving_runtime.signature import FREE, MAP, Contract, Field, Shape, Signature


def requests(contract: Contract, default: Optional[Signature]) -> Schema:
    """Return the schema of what ``:predict`` takes.

    Args:
        contract: of the model.
        default: the signature that a request without a name means; None where it must name one.
    """
    return _any_of([_request(signature, signature is default) for signature in contract.signatures])


def replies(contract: Contract) -> Schema:
    """Return the schema of what ``:predict`` answers."""
    forms: List[Schema] = []
    for signature in contract.signatures:
        if has_rows(signature.outputs):
            forms.append(_object(predictions=_list(_value(signature.outputs, True), FREE)))
        forms.append(_object(outputs=_value(signature.outputs, False)))
    return _any_of(forms)


def invocation_replies(contract: Contract) -> Schema:
    """Return the schema of what ``/invocations`` answers."""
    forms: List[Schema] = []
    for signature in contract.signatures:
        if has_rows(signature.outputs):
            forms.append(_object(predictions=_list(_value(signature.outputs, True), FREE)))
        forms.append(_object(predictions=_value(signature.outputs, False)))
    return _any_of(forms)


def invocations(contract: Contract, default: Optional[Signature]) -> Schema:
    """Return the schema of what ``/invocations`` takes as JSON."""
    frames: List[Schema] = [
        _object(
            dataframe_split=_object(columns=_texts(), data={"type": "array"}, optional=("columns",))
        ),
        _object(dataframe_records=_list({"type": "object"}, FREE)),
    ]
    return _any_of([*requests(contract, default)["anyOf"], *frames])


def has_rows(fields: Any) -> bool:
    """Whether values of these fields can be written in rows: each has a first axis."""
    return bool(fields) and all(field.shape is None or field.shape for field in fields)


def takes_rows(signature: Signature) -> bool:
    """Whether a signature may be called by rows, and answer in rows."""
    return has_rows(signature.inputs) and has_rows(signature.outputs)


def row_shape(field: Field) -> Shape:
    """Return a field's shape in one row: without its first axis."""
    return field.shape[1:] if field.shape else None


def _request(signature: Signature, is_default: bool) -> Schema:
    forms = []
    if takes_rows(signature):
        sizes = {field.shape[0] for field in signature.inputs if field.shape} - {FREE}
        rows = _list(_input(signature, True), sizes.pop() if len(sizes) == 1 else FREE)
        forms.append(_object(instances={"minItems": 1, **rows}))
    forms.append(_object(inputs=_input(signature, False)))
    for form in forms:
        names = [signature.name, None] if is_default else [signature.name]
        form["properties"]["signature_name"] = {"enum": names}
        if not is_default:
            form["required"].append("signature_name")
    return {**_any_of(forms), "title": signature.name}


def _input(signature: Signature, is_row: bool) -> Schema:
    nullable = nullable_of(signature)
    whole = named(
        [_shaped(field, is_row) for field in signature.inputs],
        nullable,
        [_shaped(field, is_row) for field in signature.optional_inputs],
    )
    if not takes_bare_values(signature, is_row):
        return whole
    field, shape = _shaped(signature.inputs[0], is_row)
    return _any_of([value_of(field, shape, field.name in nullable), whole])


def takes_bare_values(signature: Signature, is_row: bool) -> bool:
    """Return whether values may come without their input's name: there is one, and no object."""
    if len(signature.inputs) != 1:
        return False
    field, shape = _shaped(signature.inputs[0], is_row)
    return bool(field.dtype != MAP or shape)


def _value(outputs: Any, is_row: bool) -> Schema:
    shaped = [_shaped(field, is_row) for field in outputs]
    if len(shaped) == 1:
        [(field, shape)] = shaped
        return value_of(field, shape, is_output=True)
    return named(shaped, is_output=True)


def _shaped(field: Field, is_row: bool) -> Any:
    return field, row_shape(field) if is_row else field.shape


def _object(optional: Any = (), **properties: Schema) -> Dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": [name for name in properties if name not in optional],
    }


def _list(items: Schema, size: int) -> Schema:
    sized = {} if size == FREE else {"minItems": size, "maxItems": size}
    return {"type": "array", "items": items, **sized}


def _texts() -> Schema:
    return {"type": "array", "items": {"type": "string"}}


def _any_of(forms: List[Schema]) -> Schema:
    return {"anyOf": forms}
