"""Compare the contract with what the artefact itself says, before a request finds out."""

from typing import List, NamedTuple, Optional, Tuple

from serving_runtime.contract.types import ALIASES
from serving_runtime.contract.yaml_form import EXAMPLE
from serving_runtime.errors import LoadError, nearest
from serving_runtime.signature import ANY, FREE, Contract, Field, Shape, Signature, shape_text

STRICT = "strict"
LENIENT = "lenient"

_FIX = "correct the contract, or leave it out to serve what the model itself says"


class Agreement(NamedTuple):
    """The contract that is served, and what is to be logged about it."""

    contract: Contract
    warnings: List[str]


class _Findings(NamedTuple):
    """What the comparison found: what cannot be served, and what can with a warning."""

    unservable: List[str]
    questionable: List[str]


def reconcile(
    contract: Optional[Contract], inferred: Optional[Contract], policy: str = LENIENT
) -> Agreement:
    """Agree on the contract to serve.

    Where both shapes can be true, each dimension is the one that is fixed. Where they contradict
    each other, the artefact's own shape is served: real contracts of Hydrosphere's are wrong
    about shapes, and the artefact cannot be. What the contract leaves out is not served, unless
    it is an input: the model may fail without it, so that is reported.

    Args:
        contract: what came with the model, or None.
        inferred: what the artefact itself says, or None where its format has no such thing.
        policy: ``lenient``, or ``strict`` to refuse what is only warned of otherwise.

    Raises:
        LoadError: there is no contract at all, or it names what the artefact does not have;
            lists every difference.
    """
    if contract is None:
        return _without_contract(inferred)
    if inferred is None:
        return Agreement(contract, [])
    findings = _Findings([], [])
    agreed = tuple(_signature(ours, inferred, findings) for ours in contract.signatures)
    if findings.unservable:
        everything = findings.unservable + findings.questionable
        raise LoadError(_diff("the contract does not fit the model", everything), _FIX)
    if findings.questionable and policy == STRICT:
        text = _diff("the contract contradicts the model", findings.questionable)
        raise LoadError(text, f"{_FIX}; RUNTIME_CONTRACT=lenient serves it with a warning")
    served = Contract(
        contract.model_name or inferred.model_name, agreed, contract.version or inferred.version
    )
    return Agreement(served, _warnings(findings))


def _without_contract(inferred: Optional[Contract]) -> Agreement:
    if inferred is None:
        raise LoadError(
            "there is no contract, and the model's format does not say what it takes and gives: "
            "expected contract.protobin or contract.yaml beside files/",
            f"write contract.yaml beside files/, {EXAMPLE}\n"
            "  and check it with `serving-runtime contract compile contract.yaml`",
        )
    signatures = "; ".join(_signature_text(signature) for signature in inferred.signatures)
    return Agreement(
        inferred, [f"no contract was found, serving what the model says: {signatures}"]
    )


def _warnings(findings: _Findings) -> List[str]:
    if not findings.questionable:
        return []
    title = "the contract contradicts the model; where shapes differ, the model's are served"
    return [_diff(title, findings.questionable)]


def _diff(title: str, differences: List[str]) -> str:
    return "\n  - ".join([f"{title}:"] + differences)


def _signature(ours: Signature, inferred: Contract, findings: _Findings) -> Signature:
    theirs = {signature.name: signature for signature in inferred.signatures}.get(ours.name)
    if theirs is None:
        suggestion = nearest(ours.name, inferred.names) or ";"
        known = ", ".join(inferred.names) or "none"
        findings.unservable.append(
            f'signature "{ours.name}" is not in the model{suggestion} the model has {known}'
        )
        return ours
    place = f'signature "{ours.name}"'
    _note_missing(ours, theirs, findings)
    return Signature(
        ours.name,
        _fields(f"{place}, input", ours.inputs, theirs.inputs, findings),
        _fields(f"{place}, output", ours.outputs, theirs.outputs, findings),
        theirs.method,
    )


def _note_missing(ours: Signature, theirs: Signature, findings: _Findings) -> None:
    declared = {field.name for field in ours.inputs}
    for field in theirs.inputs:
        if field.name not in declared:
            findings.questionable.append(
                f'signature "{ours.name}", input "{field.name}": the contract leaves it out, '
                f"the model says {field}"
            )


def _fields(
    place: str, ours: Tuple[Field, ...], theirs: Tuple[Field, ...], findings: _Findings
) -> Tuple[Field, ...]:
    by_name = {field.name: field for field in theirs}
    agreed = []
    for field in ours:
        there = f'{place} "{field.name}"'
        if field.name in by_name:
            agreed.append(_field(there, field, by_name[field.name], findings))
        else:
            suggestion = nearest(field.name, tuple(by_name)) or ";"
            known = ", ".join(by_name) or "none"
            findings.unservable.append(f"{there} is not in the model{suggestion} it has {known}")
    return tuple(agreed)


def _field(place: str, ours: Field, theirs: Field, findings: _Findings) -> Field:
    dtype = theirs.dtype if ours.dtype == ANY else ours.dtype
    difference = f"{place}: the contract says {ours}, the model says {theirs}"
    if theirs.dtype not in (dtype, ANY):
        findings.unservable.append(difference + _meaning(dtype, theirs.dtype))
        return ours
    shape = theirs.shape
    if _compatible(ours.shape, theirs.shape):
        shape = _tightest(ours.shape, theirs.shape)
    else:
        findings.questionable.append(difference)
    return ours._replace(
        dtype=dtype,
        shape=shape,
        subfields=_subfields(place, ours, theirs, findings),
        tensor=theirs.tensor,
    )


def _meaning(ours: str, theirs: str) -> str:
    """Return which words of contract.yaml mean our dtype, where frameworks mean theirs by them."""
    words = [f"`{word}`" for word, dtype in ALIASES.items() if dtype == ours]
    is_width = ours.strip("0123456789") == theirs.strip("0123456789") != ours
    if not words or not is_width:
        return ""
    verb = "mean" if len(words) > 1 else "means"
    return f": {', '.join(words)} in contract.yaml {verb} {ours}; write {theirs}"


def _subfields(place: str, ours: Field, theirs: Field, findings: _Findings) -> Tuple[Field, ...]:
    """Agree on a map's fields; where one side does not list them, the other's are true."""
    if not ours.subfields or not theirs.subfields:
        return ours.subfields or theirs.subfields
    return _fields(f"{place}, field", ours.subfields, theirs.subfields, findings)


def _compatible(ours: Shape, theirs: Shape) -> bool:
    if ours is None or theirs is None:
        return True
    return len(ours) == len(theirs) and all(
        FREE in pair or pair[0] == pair[1] for pair in zip(ours, theirs)
    )


def _tightest(ours: Shape, theirs: Shape) -> Shape:
    if ours is None or theirs is None:
        return ours if theirs is None else theirs
    return tuple(their if our == FREE else our for our, their in zip(ours, theirs))


def _signature_text(signature: Signature) -> str:
    return (
        f"{signature.name}({_fields_text(signature.inputs)}) -> {_fields_text(signature.outputs)}"
    )


def _fields_text(fields: Tuple[Field, ...]) -> str:
    return ", ".join(f"{field.name}: {field.dtype}{shape_text(field.shape)}" for field in fields)
