"""Read and write contracts: what a model promises, as Hydrosphere's manager hands it over."""

from pathlib import Path
from typing import Any, Tuple

from serving_runtime.contract.errors import ContractError
from serving_runtime.contract.formats import read_any, titles_of
from serving_runtime.contract.rules import refuse_unservable
from serving_runtime.contract.types import DTYPE_NUMBERS, PROFILE_NUMBERS
from serving_runtime.contract.yaml_form import read_yaml, write_yaml
from serving_runtime.errors import LoadError
from serving_runtime.signature import MAP, Contract, Field, Shape, Signature

__all__ = ["format_of", "parse", "read_contract", "read_yaml", "serialise", "write_yaml"]

YAML_SUFFIXES = (".yaml", ".yml")


def read_contract(path: Path) -> Contract:
    """Read a contract from a file: YAML if its name ends so, else protobuf in any format.

    Raises:
        LoadError: it cannot be read or served; names the file, the place in it, and what was
            expected.
    """
    if path.suffix in YAML_SUFFIXES:
        return read_yaml(path)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise LoadError(f"{path} cannot be read: {error.strerror}") from None
    return parse(data, str(path))


def format_of(path: Path) -> str:
    """Return what wrote a contract that can be read, such as ``Hydrosphere 3.x``."""
    return "YAML" if path.suffix in YAML_SUFFIXES else " or ".join(titles_of(path.read_bytes()))


def parse(data: bytes, source: str = "contract.protobin") -> Contract:
    """Read a contract from the bytes of contract.protobin, in any of the six formats.

    Args:
        data: the whole file.
        source: what messages call it.

    Raises:
        LoadError: the bytes are empty, cut short, no contract, ambiguous, or one that cannot be
            served; names the place and what was expected.
    """
    if not data:
        raise LoadError(
            f"{source} is empty: expected a contract of at least one signature",
            "write a contract.yaml, then `serving-runtime contract compile contract.yaml`",
        )
    try:
        return read_any(data)
    except ContractError as fault:
        raise LoadError(f"{source} is not a valid contract: {fault}", _remedy(data)) from None


def serialise(contract: Contract) -> bytes:
    """Write a contract in the format of Hydrosphere 0.1 to 2.x, which 2.x calls its own too.

    The same contract always makes the same bytes.

    Raises:
        LoadError: the contract cannot be served, so it is not worth writing.
    """
    from hydro_serving_grpc.contract.model_contract_pb2 import ModelContract

    refuse_unservable(contract)
    message = ModelContract(model_name=contract.model_name)
    for signature in contract.signatures:
        _fill_signature(message.signatures.add(), signature)
    data: bytes = message.SerializeToString(deterministic=True)
    return data


def _fill_signature(message: Any, signature: Signature) -> None:
    message.signature_name = signature.name
    _fill_fields(message.inputs, signature.inputs)
    _fill_fields(message.outputs, signature.outputs)


def _fill_fields(messages: Any, fields: Tuple[Field, ...]) -> None:
    for field in fields:
        _fill_field(messages.add(), field)


def _fill_field(message: Any, field: Field) -> None:
    message.name = field.name
    _fill_shape(message, field.shape)
    if field.dtype == MAP and field.subfields:
        _fill_fields(message.subfields.data, field.subfields)
    else:
        message.dtype = DTYPE_NUMBERS[field.dtype]
    message.profile = PROFILE_NUMBERS[field.profile]


def _fill_shape(message: Any, shape: Shape) -> None:
    if shape is None:
        return
    message.shape.SetInParent()  # a scalar's shape is there, and empty
    for size in shape:
        message.shape.dim.add(size=size)


def _remedy(data: bytes) -> str:
    if data[:1] in b"{#" or data.lstrip().startswith((b"name:", b"model_name:", b"kind:")):
        return "it looks like text: a contract in YAML belongs into contract.yaml"
    return "compile it afresh with `serving-runtime contract compile contract.yaml`"
