"""Check what a contract must satisfy to be served, whichever file or artefact it came from."""

from typing import Dict, Iterable, Tuple

from serving_runtime.contract.errors import ContractError
from serving_runtime.contract.types import PROFILE_NUMBERS
from serving_runtime.errors import LoadError, nearest
from serving_runtime.signature import ANY, FREE, MAP, NUMPY_DTYPES, Contract, Field, Signature

MAX_DIMENSION = 2**63 - 1
# Far from the 100 messages within each other at which protobuf's own parsers give up.
DEEPEST_NESTING = 32


def check(contract: Contract) -> None:
    """Check that a contract can be served.

    A signature may have no inputs (a model may answer from its state alone), but one without
    outputs answers nothing, and is what a file looks like that was cut short between two fields.

    Raises:
        Fault: the first place that is wrong.
    """
    if not contract.signatures:
        raise ContractError("signatures", "there are none; expected at least one")
    _check_name("model_name", contract.model_name)
    _check_names("signatures", contract.names)
    for index, signature in enumerate(contract.signatures):
        _check_signature(f"signatures[{index}]", signature)


def refuse_unservable(contract: Contract) -> None:
    """Check a contract that was made here, and not read from a file.

    Raises:
        LoadError: it cannot be served, so it is not worth writing.
    """
    try:
        check(contract)
    except ContractError as fault:
        raise LoadError(f"the contract cannot be served: {fault}") from None


def _check_signature(path: str, signature: Signature) -> None:
    _check_fields(f"{path}.inputs", signature.inputs)
    _check_fields(f"{path}.outputs", signature.outputs)
    if not signature.outputs:
        problem = f'signature "{signature.name}" has no outputs; expected at least one'
        raise ContractError(f"{path}.outputs", problem)


def _check_fields(path: str, fields: Tuple[Field, ...], depth: int = 0) -> None:
    if depth > DEEPEST_NESTING:
        raise ContractError(path, f"fields are nested deeper than {DEEPEST_NESTING} levels")
    _check_names(path, [field.name for field in fields])
    for index, field in enumerate(fields):
        _check_dtype(f"{path}[{index}]", field)
        _check_shape(f"{path}[{index}]", field)
        _check_profile(f"{path}[{index}]", field)
        _check_fields(f"{path}[{index}].subfields", field.subfields, depth + 1)


def _check_names(path: str, names: Iterable[str]) -> None:
    first: Dict[str, int] = {}
    for index, name in enumerate(names):
        if not name:
            raise ContractError(f"{path}[{index}]", "it has no name; expected one")
        if name in first:
            raise ContractError(
                f"{path}[{index}]", f'name "{name}" is that of {path}[{first[name]}] too'
            )
        _check_name(f"{path}[{index}]", name)
        first[name] = index


def _check_name(path: str, name: str) -> None:
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        raise ContractError(path, f"name {name!r} cannot be written as UTF-8") from None


def _check_dtype(path: str, field: Field) -> None:
    if not field.dtype:
        problem = f'field "{field.name}" has neither a dtype nor subfields; expected one of them'
        raise ContractError(path, problem)
    if field.dtype not in NUMPY_DTYPES and field.dtype not in (ANY, MAP):
        raise ContractError(path, f'field "{field.name}" has the unknown dtype "{field.dtype}"')
    if field.subfields and field.dtype != MAP:
        problem = (
            f'field "{field.name}" has subfields and dtype {field.dtype}; expected one of them'
        )
        raise ContractError(path, problem)


def _check_shape(path: str, field: Field) -> None:
    for axis, size in enumerate(field.shape or ()):
        if not FREE <= size <= MAX_DIMENSION:
            problem = (
                f'field "{field.name}" has dimension {size}; expected 0 or more, or -1 for free'
            )
            raise ContractError(f"{path}.shape[{axis}]", problem)


def _check_profile(path: str, field: Field) -> None:
    if field.profile not in PROFILE_NUMBERS:
        suggestion = nearest(field.profile, tuple(PROFILE_NUMBERS))
        problem = f'field "{field.name}" has the unknown profile "{field.profile}"{suggestion}'
        raise ContractError(path, problem)
