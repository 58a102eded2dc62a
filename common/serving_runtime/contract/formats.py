"""Distinguish the six formats of contract.protobin, and turn each into plain types.

Hydrosphere never changed the name of the file or marked it with a version, while fields moved
about from one release to the next. So a file is read in every format, strictly; the one that it
fits is its format.

See: github.com/Hydrospheredata/hydro-serving-protos, and protos/hydro_serving_grpc/legacy
"""

from typing import Any, Dict, List, NamedTuple, Tuple, Union

from serving_runtime.contract.errors import ContractError
from serving_runtime.contract.protobin import (
    TEXT,
    VARINT,
    VARINTS,
    Format,
    FormatMismatch,
    Node,
    Part,
    read,
)
from serving_runtime.contract.rules import check
from serving_runtime.contract.types import dtype_of, profile_of
from serving_runtime.signature import MAP, Contract, Field, Shape, Signature

_NAME = Part("name", TEXT)
_SHAPE = Part("shape", "shape")
_SUBFIELDS = Part("subfields", "subfields")
_CONTRACT = {1: Part("model_name", TEXT), 2: Part("signatures", "signature", repeated=True)}
_SIGNATURE = {
    1: Part("signature_name", TEXT),
    2: Part("inputs", "field", repeated=True),
    3: Part("outputs", "field", repeated=True),
}
_LIST = {1: Part("data", "field", repeated=True)}
_MAP = {
    "dict": {1: Part("data", "entry", repeated=True)},
    "entry": {1: Part("key", TEXT), 2: Part("value", "field")},
}
# Up to 0.0.10 field 1 was the tensor's name in the graph; later it is reserved.
_INFO = {1: _NAME, 2: Part("dtype", VARINT), 3: _SHAPE}
# What all formats but that of 3.x have; the shapes are TensorFlow's.
_COMMON: Dict[str, Dict[int, Part]] = {
    "contract": _CONTRACT,
    "signature": _SIGNATURE,
    "shape": {2: Part("dim", "dim", repeated=True), 3: Part("unknown_rank", VARINT)},
    "dim": {1: Part("size", VARINT), 2: _NAME},
}
_FIELD = {1: _NAME, 2: _SHAPE, 3: _SUBFIELDS, 4: Part("dtype", VARINT)}
_FIELD_2_X = {**_FIELD, 10: Part("profile", VARINT)}
_FIELD_3_X = {**_FIELD, 5: Part("profile", VARINT)}
_FIELD_0_0_11 = {1: _NAME, 2: _SUBFIELDS, 3: Part("info", "info")}
_FIELD_0_0_5 = {1: _NAME, 2: Part("dict", "dict"), 3: Part("info", "info")}
_FIELD_EARLIEST = {1: _NAME, 2: Part("dtype", VARINT), 3: _SHAPE}


class _Form(NamedTuple):
    """A format: what wrote it, the message that a file holds, and its messages."""

    title: str
    root: str
    messages: Format


# Six formats in five entries: 0.1 and 2.x differ only in the profile, which 0.1 does not have, and
# in the name `predict` that 2.x has for its one signature. The likeliest first, since what fits
# several, but is wrong in all of them, is reported as the first.
FORMS = (
    _Form(
        "Hydrosphere 0.1 to 2.x",
        "contract",
        {**_COMMON, "field": _FIELD_2_X, "subfields": _LIST},
    ),
    _Form(
        "Hydrosphere 3.x",
        "signature",
        {
            "signature": _SIGNATURE,
            "field": _FIELD_3_X,
            "subfields": _LIST,
            "shape": {1: Part("dims", VARINTS, repeated=True)},
        },
    ),
    _Form(
        "Hydrosphere 0.0.11 to 0.0.15",
        "contract",
        {**_COMMON, "field": _FIELD_0_0_11, "subfields": _LIST, "info": _INFO},
    ),
    _Form(
        "Hydrosphere 0.0.5 to 0.0.10",
        "contract",
        {**_COMMON, **_MAP, "field": _FIELD_0_0_5, "info": _INFO},
    ),
    _Form("the earliest Hydrosphere", "contract", {**_COMMON, "field": _FIELD_EARLIEST}),
)


def read_any(data: bytes) -> Contract:
    """Read a contract in whichever format it is.

    Raises:
        Fault: it is wrong, or is not a contract, or two formats read it differently.
    """
    readings = _readings(data)
    contracts = [reading for reading in readings.values() if isinstance(reading, Contract)]
    if not contracts:
        raise next(iter(readings.values()))  # type: ignore[misc]  # all of them are faults
    if any(contract != contracts[0] for contract in contracts):
        titles = " or ".join(title for title, it in readings.items() if isinstance(it, Contract))
        raise ContractError(
            "", f"it is ambiguous, and means different things as a contract of {titles}"
        )
    return contracts[0]


def titles_of(data: bytes) -> List[str]:
    """Name the formats in which ``data`` is a contract that can be served.

    Raises:
        Fault: it fits none.
    """
    readings = _readings(data)
    return [title for title, reading in readings.items() if isinstance(reading, Contract)]


def _readings(data: bytes) -> Dict[str, Union[Contract, ContractError]]:
    """Return, for each format that the file fits, what it means or what is wrong with it.

    Raises:
        FormatMismatch: it fits none; from the format that it fits for longest.
    """
    readings: Dict[str, Union[Contract, ContractError]] = {}
    misfits: List[FormatMismatch] = []
    for form in FORMS:
        try:
            node = read(data, form.messages, form.root)
        except FormatMismatch as misfit:
            misfits.append(misfit)
        else:
            readings[form.title] = _meaning(node, form)
    if not readings:
        raise max(misfits, key=lambda misfit: misfit.offset)
    return readings


def _meaning(node: Node, form: _Form) -> Union[Contract, ContractError]:
    try:
        contract = _contract(node, form)
        check(contract)
    except ContractError as fault:
        return ContractError(fault.path, f"{fault.problem} (read as a contract of {form.title})")
    return contract


def _contract(node: Node, form: _Form) -> Contract:
    if form.root == "signature":
        return Contract("", (_signature(node),))
    signatures = tuple(_signature(signature) for signature in node.many("signatures"))
    return Contract(node.one("model_name") or "", signatures)


def _signature(node: Node) -> Signature:
    return Signature(
        node.one("signature_name") or "", _fields(node, "inputs"), _fields(node, "outputs")
    )


def _fields(node: Node, name: str) -> Tuple[Field, ...]:
    return tuple(_field(field) for field in node.many(name))


def _field(node: Node) -> Field:
    typed = node.one("info") or node
    dtype = typed.one("dtype")
    nested = node.one("subfields") or node.one("dict")
    if nested is not None and (dtype is not None or typed is not node):
        raise ContractError(node.path, "it has a dtype and subfields; expected one of them")
    return Field(
        node.one("name") or "",
        MAP if nested is not None else "" if dtype is None else dtype_of(dtype, node.path),
        _shape(typed.one("shape")),
        _subfields(nested) if nested is not None else (),
        profile_of(node.one("profile") or 0, node.path),
    )


def _subfields(node: Node) -> Tuple[Field, ...]:
    return tuple(
        _entry(nested) if "value" in nested.values else _field(nested)
        for nested in node.many("data")
    )


def _entry(node: Node) -> Field:
    """Turn the entry of a map into a field: its key is the name, which the field may repeat."""
    field = _field(node.one("value"))
    key = node.one("key") or ""
    if field.name not in ("", key):
        raise ContractError(node.path, f'the key "{key}" holds a field named "{field.name}"')
    return field._replace(name=key)


def _shape(node: Any) -> Shape:
    if node is None:
        return None
    if node.one("unknown_rank"):
        if node.many("dim"):
            raise ContractError(
                node.path, "it has dimensions and an unknown rank; expected one of them"
            )
        return None
    return tuple(node.many("dims")) or tuple(dim.one("size") or 0 for dim in node.many("dim"))
