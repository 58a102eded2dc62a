"""Describe the signatures themselves, as the page reads them to make its form.

The schemas say which JSON is valid; this says what the model takes and gives. It stands in the
document as an extension.

See: https://spec.openapis.org/oas/v3.1.0#specification-extensions
"""

from typing import Any, Dict, List, Mapping, Optional

from serving_runtime.protocols.openapi import samples
from serving_runtime.protocols.openapi.schemas import nullable_of
from serving_runtime.protocols.openapi.tensors import datatype_of, is_carried
from serving_runtime.settings import Settings
from serving_runtime.signature import Contract, Field, Signature

EXTENSION = "x-serving-runtime"


def described(
    contract: Contract, default: Optional[Signature], settings: Settings
) -> Dict[str, Any]:
    """Return the signatures, the default one first, and the port that gRPC was set to have.

    Args:
        contract: of the model.
        default: the signature that a request without a name means, if there is one.
        settings: of the service.
    """
    ordered = sorted(contract.signatures, key=lambda it: it is not default)
    return {"grpc_port": settings.port, "signatures": [_signature(it) for it in ordered]}


def _signature(signature: Signature) -> Dict[str, Any]:
    nullable = nullable_of(signature)
    values = samples.of_inputs(signature) or {}
    inputs = [
        {**_field(field), "is_nullable": field.name in nullable, **_example(values, field.name)}
        for field in signature.inputs
    ]
    return {
        "name": signature.name,
        "is_open_inference": is_carried(signature),
        "inputs": inputs,
        "outputs": _fields(signature.outputs),
    }


def _example(values: Mapping[str, Any], name: str) -> Dict[str, Any]:
    """Return an input's example; none where all together are too long."""
    return {"example": values[name]} if name in values else {}


def _fields(fields: Any) -> List[Dict[str, Any]]:
    return [_field(field) for field in fields]


def _field(field: Field) -> Dict[str, Any]:
    shape = None if field.shape is None else list(field.shape)
    found: Dict[str, Any] = {"name": field.name, "dtype": field.dtype, "shape": shape}
    datatype = datatype_of(field)
    if datatype:
        found["datatype"] = datatype
    if field.subfields:
        found["subfields"] = _fields(field.subfields)
    return found
