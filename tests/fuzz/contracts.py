"""Judge how the bytes of a contract are read: it may be refused, and no more."""

from pathlib import Path

from hydro_serving_grpc.contract.model_contract_pb2 import ModelContract
from serving_runtime import contract
from serving_runtime.contract import formats
from serving_runtime.errors import LoadError
from serving_runtime.signature import Contract
from tests.fuzz import echo_model
from tests.fuzz.corpus import Case

# What stands in a case where other cases have a method.
PROTOBIN, YAML = "contract.protobin", "contract.yaml"
FORMS = (PROTOBIN, YAML)

_DATA = Path(__file__).parent.parent / "data"


def seeds() -> list[Case]:
    """Return proper contracts in all formats."""
    files = [path.read_bytes() for path in sorted(_DATA.glob("**/*.protobin"))]
    ours = Contract("echo", echo_model.SIGNATURES[-3:])
    binary = [*files, contract.serialise(ours)]
    texts = [contract.write_yaml(contract.parse(data)) for data in binary]
    return [Case(PROTOBIN, data) for data in binary] + [Case(YAML, text.encode()) for text in texts]


def problem(case: Case) -> str:
    """Return what is wrong with how a contract is read; empty if nothing is."""
    check = _problem_of_binary if case.method == PROTOBIN else _problem_of_text
    try:
        return check(case.payload)
    except Exception as error:  # noqa: BLE001  that anything else is raised is what is looked for
        return f"{case.method} raised {type(error).__name__}"


def _problem_of_binary(data: bytes) -> str:
    try:
        read = contract.parse(data)
    except LoadError:
        return ""
    if contract.parse(contract.serialise(read)) != read:
        return "contract.protobin changes when it is written"
    if any(title.endswith("2.x") for title in formats.titles_of(data)):
        ModelContract.FromString(data)  # a DecodeError: protobuf refuses what was accepted here
    return _problem_as_text(read)


def _problem_of_text(data: bytes) -> str:
    try:
        read = contract.read_yaml(data.decode("utf-8", "replace"))
    except LoadError:
        return ""
    return _problem_as_text(read)


def _problem_as_text(read: Contract) -> str:
    again = contract.read_yaml(contract.write_yaml(read))
    return "" if again == read else "contract.yaml changes when it is written"
