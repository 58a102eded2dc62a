"""Show contracts to people and programs, the same way for every verb."""

from typing import Any, Dict, Iterator, List, Tuple

from serving_runtime.cli.tables import table
from serving_runtime.signature import Contract, Field, Signature, shape_text


def contract_table(contract: Contract) -> str:
    """Return the fields of all signatures as a table."""
    rows = [row for signature in contract.signatures for row in _rows(signature)]
    return table(("signature", "direction", "field", "dtype", "shape", "profile"), rows)


def contract_json(contract: Contract) -> Dict[str, Any]:
    """Return a contract as plain objects; a shape is null where any will do."""
    return {
        "model_name": contract.model_name,
        "signatures": [
            {
                "name": signature.name,
                "inputs": [_field_json(field) for field in signature.inputs],
                "outputs": [_field_json(field) for field in signature.outputs],
            }
            for signature in contract.signatures
        ],
    }


def _rows(signature: Signature) -> Iterator[List[str]]:
    for direction, fields in (("input", signature.inputs), ("output", signature.outputs)):
        for name, field in _flat(fields):
            cells = [field.dtype, shape_text(field.shape), field.profile]
            yield [signature.name, direction, name, *cells]


def _flat(fields: Tuple[Field, ...], prefix: str = "") -> Iterator[Tuple[str, Field]]:
    """Yield fields and those inside maps, with dotted names."""
    for field in fields:
        yield prefix + field.name, field
        yield from _flat(field.subfields, f"{prefix}{field.name}.")


def _field_json(field: Field) -> Dict[str, Any]:
    entry: Dict[str, Any] = {
        "name": field.name,
        "dtype": field.dtype,
        "shape": None if field.shape is None else list(field.shape),
    }
    if field.profile:
        entry["profile"] = field.profile
    if field.subfields:
        entry["subfields"] = [_field_json(inner) for inner in field.subfields]
    return entry
