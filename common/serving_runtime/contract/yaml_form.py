"""Read and write contract.yaml: the contract as people write it, in Hydrosphere's own form."""

from pathlib import Path
from typing import Any, Dict, List, Tuple, Union

from serving_runtime.contract.errors import ContractError
from serving_runtime.contract.rules import DEEPEST_NESTING, check, refuse_unservable
from serving_runtime.contract.types import dtype_named, profile_named
from serving_runtime.contract.yaml_nodes import Place, compose, expect_keys, items, mapping, word
from serving_runtime.errors import LoadError
from serving_runtime.signature import MAP, Contract, Field, Shape, Signature

# What Hydrosphere's command line calls a signature that has no name.
DEFAULT_SIGNATURE_NAME = "Predict"
SCALAR = "scalar"

EXAMPLE = "for example:\n" + "\n".join(
    (
        "    name: predict",
        "    inputs:",
        "      x: {shape: [-1, 4], type: double}",
        "    outputs:",
        "      y: {shape: scalar, type: int64}",
    )
)
_ONE_SIGNATURE = ("model_name", "name", "inputs", "outputs")
_SEVERAL_SIGNATURES = ("model_name", "signatures")
# Hydrosphere's SDK also takes the names of its messages' fields.
_SYNONYMS = {"dtype": "type", "subfields": "fields"}


def read_yaml(source: Union[Path, str]) -> Contract:
    """Read a contract from a YAML file, or from YAML text.

    Raises:
        LoadError: it cannot be read or served; names the line, the place in the contract, what
            was found there and what was expected.
    """
    name = str(source) if isinstance(source, Path) else "contract.yaml"
    text = _text(source) if isinstance(source, Path) else source
    try:
        contract = _contract(compose(text))
        check(contract)
    except ContractError as fault:
        raise LoadError(f"{name} is not a valid contract: {fault}", EXAMPLE) from None
    return contract


def write_yaml(contract: Contract) -> str:
    """Write a contract as YAML text that ``read_yaml`` takes.

    Raises:
        LoadError: the contract cannot be served, so it is not worth writing.
    """
    refuse_unservable(contract)
    model = {"model_name": contract.model_name} if contract.model_name else {}
    signatures = [_signature_document(signature) for signature in contract.signatures]
    document = dict(model, **signatures[0] if len(signatures) == 1 else {"signatures": signatures})
    text = _dump(document, allow_unicode=True)
    # PyYAML writes these line breaks so that it cannot read them, unless they are escaped.
    if any(line_break in text for line_break in "\x85\u2028\u2029"):
        return _dump(document, allow_unicode=False)
    return text


def _dump(document: Dict[str, Any], allow_unicode: bool) -> str:
    import yaml

    # Flow style for the innermost collections only: shapes and fields take a line each.
    text: str = yaml.safe_dump(
        document,
        sort_keys=False,
        default_flow_style=None,
        allow_unicode=allow_unicode,
        width=100,
    )
    return text


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise LoadError(f"{path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise LoadError(f"{path} is not UTF-8 text: see byte {error.start}") from None


def _contract(place: Place) -> Contract:
    parts = mapping(place)
    several = "signatures" in parts
    expect_keys(place, parts, _SEVERAL_SIGNATURES if several else _ONE_SIGNATURE)
    model_name = _name(parts, "model_name", "")
    if not several:
        return Contract(model_name, (_signature(parts),))
    return Contract(model_name, tuple(_listed_signatures(parts["signatures"])))


def _listed_signatures(place: Place) -> List[Signature]:
    signatures = []
    for item in items(place, "a list of signatures"):
        parts = mapping(item)
        expect_keys(item, parts, _ONE_SIGNATURE[1:])
        signatures.append(_signature(parts))
    return signatures


def _signature(parts: Dict[str, Place]) -> Signature:
    name = _name(parts, "name", DEFAULT_SIGNATURE_NAME)
    return Signature(name, _fields(parts, "inputs"), _fields(parts, "outputs"))


def _name(parts: Dict[str, Place], key: str, default: str) -> str:
    if key not in parts or parts[key].is_null:
        return default
    return word(parts[key])


def _fields(parts: Dict[str, Place], key: str, depth: int = 0) -> Tuple[Field, ...]:
    if key not in parts or parts[key].is_null:
        return ()
    place = parts[key]
    if depth > DEEPEST_NESTING:  # an alias may hold itself
        raise ContractError(
            place.path, f"fields nest deeper than {DEEPEST_NESTING} levels", place.line
        )
    return tuple(_field(name, value, depth) for name, value in mapping(place).items())


def _field(name: str, place: Place, depth: int) -> Field:
    parts = _renamed(mapping(place))
    expect_keys(place, parts, ("shape", "type", "fields", "profile"))
    if "type" in parts:
        type_place = parts["type"]
        dtype = dtype_named(word(type_place), type_place.path, type_place.line)
    else:
        dtype = MAP if "fields" in parts else ""
    return Field(
        name,
        dtype,
        _shape(parts["shape"]) if "shape" in parts else None,
        _fields(parts, "fields", depth + 1),
        _profile(parts["profile"]) if "profile" in parts else "",
    )


def _renamed(parts: Dict[str, Place]) -> Dict[str, Place]:
    renamed: Dict[str, Place] = {}
    for key, place in parts.items():
        name = _SYNONYMS.get(key, key)
        if name in renamed:
            raise ContractError(
                place.path, f"it says the same as {name}; expected one of them", place.line
            )
        renamed[name] = place
    return renamed


def _shape(place: Place) -> Shape:
    if place.is_null:
        return None
    if place.node.id == "scalar" and place.node.value == SCALAR:
        return ()
    dimensions = items(place, "a list of dimensions such as [-1, 4], or scalar")
    return tuple(_dimension(item) for item in dimensions)


def _dimension(place: Place) -> int:
    try:
        return int(word(place))
    except ValueError:
        raise place.fault("a whole number, or -1 for any size") from None


def _profile(place: Place) -> str:
    return "" if place.is_null else profile_named(word(place), place.path, place.line)


def _signature_document(signature: Signature) -> Dict[str, Any]:
    document: Dict[str, Any] = {"name": signature.name}
    for key, fields in (("inputs", signature.inputs), ("outputs", signature.outputs)):
        if fields:
            document[key] = {field.name: _field_document(field) for field in fields}
    return document


def _field_document(field: Field) -> Dict[str, Any]:
    document: Dict[str, Any] = {}
    if field.shape is not None:
        document["shape"] = list(field.shape) or SCALAR
    if field.subfields:
        document["fields"] = {nested.name: _field_document(nested) for nested in field.subfields}
    else:
        document["type"] = field.dtype
    if field.profile:
        document["profile"] = field.profile
    return document
