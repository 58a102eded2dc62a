"""Write inference responses as JSON, with values in it or, where that is asked for, after it."""

from typing import Any, Mapping, NamedTuple

from serving_runtime.errors import InvalidInput
from serving_runtime.ipc.attributes import CONTENT_TYPE, EMPTY, HEADER_LENGTH
from serving_runtime.protocols.json import writing
from serving_runtime.protocols.open_inference import json_tensors
from serving_runtime.protocols.protocol import Encoded
from serving_runtime.signature import Value

_BINARY = "application/octet-stream"


class RestContext(NamedTuple):
    """What a reply must know of its request.

    ``identity``: the member with its id, and a comma; empty without one. ``is_binary``: whether
    values go after the JSON, but for the outputs that ``binary_outputs`` names.
    """

    identity: bytes
    is_binary: bool
    binary_outputs: Mapping[str, bool]

    def has_binary(self, name: str) -> bool:
        """Return whether an output's values go after the JSON."""
        return self.binary_outputs.get(name, self.is_binary)


def as_json(value: Any) -> Encoded:
    """Return Python's own values as a reply; without a content type it is JSON."""
    return writing.plain(value), EMPTY


def model_head(name: str, version: str) -> bytes:
    """Return the beginning of each reply: who answers."""
    named = writing.plain({"model_name": name, "model_version": version})
    return named[:-1] + b","


def identity_member(identity: str) -> bytes:
    """Return the member that echoes a request's id."""
    return b'"id":' + writing.plain(identity) + b"," if identity else b""


def encode(outputs: Mapping[str, Value], context: RestContext, head: bytes) -> Encoded:
    """Write an inference response.

    Args:
        outputs: by name; the elements of strings are bytes.
        context: of the request.
        head: what ``model_head`` has made.

    Raises:
        Unimplemented: an output has no datatype in this protocol.
        InvalidInput: JSON has no form for a value, and binary data was not asked for.
    """
    try:
        written, contents = json_tensors.write(outputs, context.has_binary, json_tensors.OUTPUT)
    except writing.NoJson as problem:
        raise InvalidInput(
            f"output {problem}, which JSON cannot hold: ask for it in binary, by the output's "
            'parameter "binary_data": true'
        ) from None
    parts = [head, context.identity, b'"outputs":[', *written, b"]}"]
    if not contents:
        return b"".join(parts), EMPTY
    attributes = {CONTENT_TYPE: _BINARY, HEADER_LENGTH: str(sum(map(len, parts)))}
    return b"".join(parts + contents), attributes
