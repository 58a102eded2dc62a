"""Read what a request says in its parameters; those that nobody here knows are ignored.

See: https://github.com/triton-inference-server/server/blob/main/docs/protocol/extension_parameters.md
"""

from typing import Any, Iterable, Mapping, NamedTuple, Optional, Tuple

from serving_runtime.errors import InvalidInput, Unimplemented
from serving_runtime.protocols.request import SequenceStep
from serving_runtime.validation.problems import quoted

SIGNATURE_NAME = "signature_name"
TIMEOUT = "timeout"
SEQUENCE_ID, SEQUENCE_START, SEQUENCE_END = "sequence_id", "sequence_start", "sequence_end"
_KNOWN = (SIGNATURE_NAME, TIMEOUT, SEQUENCE_ID, SEQUENCE_START, SEQUENCE_END)
# Those of the extension for binary data, which gRPC has no use for.
KNOWN_OVER_REST = frozenset((*_KNOWN, "binary_data_output", "binary_data", "binary_data_size"))
_MICROSECONDS = 1_000_000
_SHARED_MEMORY = "shared_memory_"
_CLASSIFICATION = "classification"


class Head(NamedTuple):
    """All of a request but its id and its tensors.

    ``timeout_seconds``: counted from the request's arrival; 0 where there is none.
    """

    model_name: str = ""
    model_version: str = ""
    signature_name: str = ""
    output_names: Tuple[str, ...] = ()
    sequence: Optional[SequenceStep] = None
    timeout_seconds: float = 0.0


def read(message: Any) -> Head:
    """Read the head of a ModelInferRequest.

    Raises:
        InvalidInput: a parameter that is known has a value that is none.
        Unimplemented: it asks for an extension that is not served.
    """
    sent = message.parameters
    given = {name: _value(sent[name]) for name in _KNOWN if name in sent} if sent else {}
    for output in message.outputs:
        asked = {name: _value(value) for name, value in output.parameters.items()}
        refuse_of_output(output.name, asked)
    names = tuple(output.name for output in message.outputs)
    return head_of(message.model_name, message.model_version, names, given)


def head_of(
    model_name: str, model_version: str, output_names: Tuple[str, ...], given: Mapping[str, Any]
) -> Head:
    """Return a request's head.

    Args:
        model_name: that it is for.
        model_version: that it is for.
        output_names: that it asks for.
        given: its parameters, as Python's own values.

    Raises:
        InvalidInput: a parameter that is known has a value that is none.
    """
    return Head(
        model_name,
        model_version,
        _text(given, SIGNATURE_NAME),
        output_names,
        _sequence(given) if given else None,
        _timeout(given) if given else 0.0,
    )


def refuse_of_input(name: str, given: Iterable[str]) -> None:
    """Refuse an input whose values are not in the request.

    Args:
        name: of the input.
        given: the names of its parameters.

    Raises:
        Unimplemented: they are in shared memory.
    """
    _refuse_shared_memory("input", name, given, "send its values in the request")


def refuse_of_output(name: str, given: Mapping[str, Any]) -> None:
    """Refuse an output that is asked for in a form that is not served.

    Args:
        name: of the output.
        given: its parameters.

    Raises:
        Unimplemented: its values are wanted in shared memory, or classified.
    """
    _refuse_shared_memory("output", name, given, "its values come in the reply")
    if given.get(_CLASSIFICATION):
        raise Unimplemented(
            f"output {quoted(name)} asks for {_CLASSIFICATION}, which is not served: its "
            "values come as they are"
        )


def _refuse_shared_memory(side: str, name: str, given: Iterable[str], remedy: str) -> None:
    # Sorted: a map of protobuf's has any order.
    for parameter in sorted(given):
        if parameter.startswith(_SHARED_MEMORY):
            raise Unimplemented(
                f"{side} {quoted(name)} has {quoted(parameter)}, but shared memory is not "
                f"served: {remedy}"
            )


def _value(parameter: Any) -> Any:
    chosen = parameter.WhichOneof("parameter_choice")
    return getattr(parameter, chosen) if chosen else None


def _text(given: Mapping[str, Any], name: str) -> str:
    value = given.get(name)
    if value is not None and not isinstance(value, str):
        raise _wrong(name, value, "a text")
    return value or ""


def flag(given: Mapping[str, Any], name: str) -> bool:
    """Return whether a parameter is true.

    Raises:
        InvalidInput: it is neither true nor false.
    """
    value = given.get(name)
    if value is not None and not isinstance(value, bool):
        raise _wrong(name, value, "true or false")
    return bool(value)


def _timeout(given: Mapping[str, Any]) -> float:
    value = given.get(TIMEOUT)
    if value is None:
        return 0.0
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise _wrong(TIMEOUT, value, "a number of microseconds")
    return value / _MICROSECONDS


def _sequence(given: Mapping[str, Any]) -> Optional[SequenceStep]:
    """Return what a request says of its sequence; an id of 0, or an empty one, is none."""
    number = given.get(SEQUENCE_ID)
    if isinstance(number, (bool, float)):
        raise _wrong(SEQUENCE_ID, number, "a number or a text")
    if not number:
        return None
    return SequenceStep(str(number), flag(given, SEQUENCE_START), flag(given, SEQUENCE_END))


def _wrong(name: str, value: Any, expected: str) -> InvalidInput:
    return InvalidInput(f"the parameter {name} is {quoted(str(value))}: expected {expected}")
