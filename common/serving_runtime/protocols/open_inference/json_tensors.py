"""Read and write one tensor of Open Inference's JSON; requests and replies have them alike.

Its values stand in its ``data``, or, by the extension for binary data, after the JSON.

See: inference_rest.md of https://github.com/kserve/open-inference-protocol, and
https://github.com/triton-inference-server/server/blob/main/docs/protocol/extension_binary_data.md
"""

from functools import lru_cache
from typing import Any, Callable, List, Mapping, NamedTuple, Tuple

import numpy as np

from serving_runtime.errors import InvalidInput
from serving_runtime.ipc.tuples import make_tuple
from serving_runtime.protocols.json import writing
from serving_runtime.protocols.json.lists import flatten
from serving_runtime.protocols.json.reader import AS_NAN, MARKED, Read, Reader, Wanted
from serving_runtime.protocols.json.values import tensor_of, utf8
from serving_runtime.protocols.json.writing import NoJson
from serving_runtime.protocols.open_inference import encoding, values
from serving_runtime.protocols.open_inference.binary_data import BinaryData
from serving_runtime.protocols.open_inference.datatypes import (
    BY_DTYPE,
    BYTES,
    DATATYPES,
    Datatype,
    described,
)
from serving_runtime.protocols.shapes import element_count
from serving_runtime.signature import FLOATS, Tensor, Value, shape_text
from serving_runtime.validation.problems import quoted

NAME, DATA = "name", "data"
INPUT, OUTPUT = "input", "output"

# What values are read as, by their datatype: where a null marks a missing value, and elsewhere.
_AS_NAN = {it.name: Wanted(it.dtype, it.name, DATA, AS_NAN) for it in DATATYPES.values()}
_MARKED = {
    name: it if it.dtype in FLOATS else it._replace(nulls=MARKED) for name, it in _AS_NAN.items()
}


class Form(NamedTuple):
    """What the values of a tensor are read as, and its shape."""

    wanted: Wanted
    datatype: Datatype
    shape: Tuple[int, ...]


class Written(NamedTuple):
    """Tensors in JSON, separated by commas, as parts to be joined; and their binary data."""

    parts: List[bytes]
    contents: List[Any]


def read(reader: Reader, members: Mapping[str, Any], content: Any, is_nullable: bool) -> Read:
    """Return a tensor.

    Args:
        reader: of the JSON.
        members: of the tensor.
        content: its binary data; None if it has none.
        is_nullable: whether a null marks a missing value where that is no NaN.

    Raises:
        InvalidInput: its datatype, its shape or its values are wrong.
    """
    called = text(reader, members, "datatype")
    datatype = DATATYPES.get(called)
    if datatype is None:
        raise InvalidInput(f"datatype {quoted(called)} is none of {', '.join(DATATYPES)}")
    shape = _shape(reader, members)
    data = members.get(DATA)
    if content is not None:
        if data is not None:
            raise InvalidInput(f'values in both "{DATA}" and {BinaryData.CALLED}')
        array = values.from_raw(datatype, shape, content, BinaryData.CALLED)
        return Read(Tensor(datatype.dtype, array))
    if data is None:
        raise InvalidInput(f'no values: expected "{DATA}"')
    (dtype, array), missing = reader.array(data, (_MARKED if is_nullable else _AS_NAN)[called])
    tensor = Tensor(dtype, _shaped(array, datatype, shape))
    return Read(tensor, None if missing is None else missing.reshape(shape))


def form_of(tensor: Tensor, is_nullable: bool) -> Form:
    """Return the form of a tensor that was read."""
    datatype = BY_DTYPE[tensor.dtype]
    wanted = (_MARKED if is_nullable else _AS_NAN)[datatype.name]
    return Form(wanted, datatype, tensor.array.shape)


def of_plain(data: Any, form: Form) -> Tensor:
    """Return a tensor of a known form.

    Args:
        data: its values, as Python's own.
        form: what they are read as.

    Raises:
        InvalidInput: they are wrong, or one is missing.
    """
    (dtype, array), missing = tensor_of(flatten(data, DATA), form.wanted, may_overflow=False)
    if missing is not None:
        raise InvalidInput(f'"{DATA}" has missing values')
    return make_tuple(Tensor, (dtype, _shaped(array, form.datatype, form.shape)))


def text(reader: Reader, members: Mapping[str, Any], key: str, place: str = "") -> str:
    """Return a member that is a text.

    Args:
        reader: of the JSON.
        members: of which one is meant.
        key: of the member.
        place: of the object; empty where the message names it otherwise.

    Raises:
        InvalidInput: there is none.
    """
    value = members.get(key)
    if value is None:
        raise InvalidInput(f'{place} has no "{key}"' if place else f'no "{key}"')
    if not isinstance(value, str):
        reader.refuse(value, f'"{key}" of {place}' if place else f'"{key}"', "a text")
    if reader.is_last:  # the others do not read what is no text
        utf8(value)
    return value


def write(tensors: Mapping[str, Value], is_binary: Callable[[str], bool], side: str) -> Written:
    """Return tensors as a list has them, and their binary data.

    Args:
        tensors: by name; the elements of strings are bytes.
        is_binary: returns whether a tensor's values go after the JSON.
        side: ``input``, whose floats may be bare tokens; or ``output``.

    Raises:
        Unimplemented: one has no datatype in this protocol.
        NoJson: JSON has no form for a value; the text begins with the tensor's name.
    """
    written = Written([], [])
    for name, value in tensors.items():
        datatype, array = encoding.carried(name, value, side)
        parts = [_head(name, datatype.name, array.shape)]
        # Clients that find no bytes take them for doubles; JSON keeps the datatype.
        if array.size and is_binary(name):
            content, size = encoding.raw_content(datatype, array)
            parts.append(_size(size))
            written.contents.append(content)
        else:
            parts += (b',"data":', _data(name, datatype, array, side == INPUT), b"}")
        written.parts.append(b"," if written.parts else b"")
        written.parts.extend(parts)
    return written


def _shape(reader: Reader, members: Mapping[str, Any]) -> Tuple[int, ...]:
    node = members.get("shape")
    if node is None:
        raise InvalidInput('no "shape": expected a list of sizes')
    sizes = reader.elements(node, '"shape"')
    for number, size in enumerate(sizes):
        if type(size) is not int:
            reader.refuse(size, f'"shape"[{number}]', "a size")
    return values.shape_of(sizes)


def _shaped(array: np.ndarray, datatype: Datatype, shape: Tuple[int, ...]) -> np.ndarray:
    if array.shape == shape:
        return array
    _check_flat(array.shape, datatype, shape)
    return array.reshape(shape)


def _check_flat(found: Tuple[int, ...], datatype: Datatype, shape: Tuple[int, ...]) -> None:
    count = element_count(shape)
    if len(found) != 1:
        raise InvalidInput(
            f'"{DATA}" is nested as {shape_text(found)}: expected {shape_text(shape)}, as "shape" '
            "says, or a flat list"
        )
    if found[0] != count:
        given = "1 value" if found[0] == 1 else f"{found[0]} values"
        raise InvalidInput(f'{given} in "{DATA}", but {described(datatype, shape)} takes {count}')


def _data(name: str, datatype: Datatype, array: np.ndarray, has_tokens: bool) -> bytes:
    try:
        if datatype.name == BYTES:
            return writing.plain(writing.texts(array.reshape(-1)))
        if datatype.dtype == "bool":
            array, _ = encoding.raw_content(datatype, array)
        return writing.numbers(array.reshape(-1), has_tokens)
    except NoJson as problem:
        raise NoJson(f"{quoted(name)}: {problem}") from None


@lru_cache(maxsize=1024)
def _head(name: str, datatype: str, shape: Tuple[int, ...]) -> bytes:
    """Return a tensor up to its values."""
    return writing.plain({"name": name, "datatype": datatype, "shape": list(shape)})[:-1]


@lru_cache(maxsize=1024)
def _size(size: int) -> bytes:
    return b',"parameters":' + writing.plain({"binary_data_size": size}) + b"}"
