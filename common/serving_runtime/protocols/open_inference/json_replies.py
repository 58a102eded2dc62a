"""Write inference responses as JSON, with values in it or, where that is asked for, after it."""

from functools import lru_cache
from typing import Any, List, Mapping, NamedTuple, Tuple

import numpy as np

from serving_runtime.errors import InvalidInput
from serving_runtime.ipc.attributes import CONTENT_TYPE, EMPTY, HEADER_LENGTH
from serving_runtime.protocols.json import writing
from serving_runtime.protocols.open_inference import encoding
from serving_runtime.protocols.open_inference.datatypes import BYTES, Datatype
from serving_runtime.protocols.protocol import Encoded
from serving_runtime.signature import Value
from serving_runtime.validation.problems import quoted

_BINARY = "application/octet-stream"
_END = b"]}"


class RestContext(NamedTuple):
    """What a reply must know of its request.

    ``identity``: the member with its id, and a comma; empty without one. ``is_binary``: whether
    values go after the JSON, but for the outputs that ``binary_outputs`` names.
    """

    identity: bytes
    is_binary: bool
    binary_outputs: Mapping[str, bool]


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
    described: List[Any] = []
    contents: List[Any] = []
    is_binary, named = context.is_binary, context.binary_outputs
    for name, value in outputs.items():
        datatype, array = encoding.carried(name, value)
        # Clients that find no bytes take them for doubles; JSON keeps the datatype.
        if array.size and (named.get(name, is_binary) if named else is_binary):
            content, size = encoding.raw_content(datatype, array)
            described += (_head(name, datatype.name, array.shape), _binary_tail(size))
            contents.append(content)
        else:
            described += (
                _head(name, datatype.name, array.shape), b',"data":',
                _data(name, datatype, array), b"},",
            )  # fmt: skip
    if described:
        described[-1] = described[-1][:-1]
    parts = [head, context.identity, b'"outputs":[', *described, _END]
    if not contents:
        return b"".join(parts), EMPTY
    length = sum(map(len, parts))
    attributes = {CONTENT_TYPE: _BINARY, HEADER_LENGTH: str(length)}
    return b"".join(parts + contents), attributes


def _data(name: str, datatype: Datatype, array: np.ndarray) -> bytes:
    try:
        if datatype.name == BYTES:
            return writing.plain(writing.texts(array.reshape(-1)))
        if datatype.dtype == "bool":
            array, _ = encoding.raw_content(datatype, array)
        return writing.numbers(array.reshape(-1), has_tokens=False)
    except writing.NoJson as problem:
        raise InvalidInput(
            f"output {quoted(name)}: {problem}, which JSON cannot hold: ask for it in binary, by "
            'the output\'s parameter "binary_data": true'
        ) from None


@lru_cache(maxsize=1024)
def _head(name: str, datatype: str, shape: Tuple[int, ...]) -> bytes:
    """Return an output up to its values."""
    return writing.plain({"name": name, "datatype": datatype, "shape": list(shape)})[:-1]


@lru_cache(maxsize=1024)
def _binary_tail(size: int) -> bytes:
    return b',"parameters":' + writing.plain({"binary_data_size": size}) + b"},"
