"""The client's half of inference over REST: write requests, read responses."""

from typing import Any, Dict, Mapping, NamedTuple, Optional

from serving_runtime.errors import InvalidInput
from serving_runtime.protocols.json import reading, writing
from serving_runtime.protocols.json.reader import Reader
from serving_runtime.protocols.open_inference import json_tensors
from serving_runtime.protocols.open_inference.binary_data import BinaryData
from serving_runtime.protocols.open_inference.parameters import SIGNATURE_NAME
from serving_runtime.signature import Value
from serving_runtime.validation.problems import quoted


class Body(NamedTuple):
    """A request's body; ``json_bytes`` is where its JSON ends, None if all of it is JSON."""

    payload: bytes
    json_bytes: Optional[int]


def write_request(signature_name: str, inputs: Mapping[str, Value], as_binary: bool) -> Body:
    """Return an inference request.

    Args:
        signature_name: empty for the only signature or ``serving_default``.
        inputs: by name; the elements of strings are bytes.
        as_binary: values travel, and come back, after the JSON; False: in it.

    Raises:
        Unimplemented: an input has no datatype in this protocol.
        InvalidInput: a string is no text, and values are to travel in JSON.
    """
    given = {SIGNATURE_NAME: signature_name} if signature_name else {}
    parameters = {**given, "binary_data_output": True} if as_binary else given
    head = b'{"parameters":' + writing.plain(parameters) + b"," if parameters else b"{"
    try:
        written, contents = json_tensors.write(inputs, lambda _: as_binary, json_tensors.INPUT)
    except writing.NoJson as problem:
        raise InvalidInput(f"input {problem}, which JSON cannot hold: send it in binary") from None
    parts = [head, b'"inputs":[', *written, b"]}"]
    json_bytes = sum(map(len, parts)) if contents else None
    return Body(b"".join(parts + contents), json_bytes)


def read_response(payload: bytes, json_bytes: Optional[int]) -> Dict[str, Value]:
    """Return the outputs of an inference response.

    Args:
        payload: the body as it came.
        json_bytes: where its JSON ends; None if all of it is JSON.

    Raises:
        InvalidInput: an output cannot be read.
    """
    view = memoryview(payload)

    def interpret(reader: Reader) -> Dict[str, Value]:
        binary = BinaryData(view, json_bytes)
        members = reader.members(reader.root, "the answer")
        nodes = reader.elements(members.get("outputs"), '"outputs" of the answer')
        found: Dict[str, Value] = {}
        for number, node in enumerate(nodes):
            _add(found, reader, binary, node, f"outputs[{number}]")
        return found

    return reading.read(view[:json_bytes], interpret)


def _add(
    found: Dict[str, Value], reader: Reader, binary: BinaryData, node: Any, place: str
) -> None:
    output = reader.members(node, place)
    name = json_tensors.text(reader, output, json_tensors.NAME, place)
    given = output.get("parameters")
    size = None if given is None else reader.members(given, place).get("binary_data_size")
    content = None if size is None else binary.take(size, name)
    try:
        found[name] = json_tensors.read(reader, output, content, is_nullable=False).tensor
    except InvalidInput as problem:
        raise InvalidInput(f"output {quoted(name)}: {problem}") from None
