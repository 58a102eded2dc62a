"""Know which signatures Open Inference can carry: it has no maps, complex or quantised numbers."""

from typing import Dict, Tuple

from serving_runtime import validation
from serving_runtime.protocols.open_inference.datatypes import UNCARRIED, name_of
from serving_runtime.protocols.open_inference.encoding import CARRIED_BY
from serving_runtime.signature import Contract, Field, Signature


def reason_not(signature: Signature) -> str:
    """Return why a signature is not served by this protocol, and which one can; or nothing."""
    sides = (("input", signature.inputs), ("output", signature.outputs))
    needs = [_needs(side, fields) for side, fields in sides]
    found = [need for need in needs if need]
    if not found:
        return ""
    return (
        f"the signature {signature.name} has {' and '.join(found)}, for which Open Inference has "
        f"no datatype: call {CARRIED_BY}"
    )


def reasons(contract: Contract) -> Dict[str, str]:
    """Return why signatures are not served by this protocol, by the names that choose them."""
    found = {
        name: reason_not(signature)
        for name, signature in validation.by_requested_name(contract).items()
    }
    return {name: reason for name, reason in found.items() if reason}


def _needs(side: str, fields: Tuple[Field, ...]) -> str:
    for field in fields:
        if field.dtype in UNCARRIED:
            return f'the {side} "{field.name}" of {name_of(field.dtype)}'
    return ""
