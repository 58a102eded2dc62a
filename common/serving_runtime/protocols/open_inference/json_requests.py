"""Read the JSON of an inference request: what it asks for, and its inputs.

Members that nobody here knows are ignored, as are a model's name and version: the path has those.
"""

import itertools
from typing import Any, Dict, FrozenSet, List, Mapping, NamedTuple, Optional

from serving_runtime.errors import InvalidInput, nearest_name, suggestion
from serving_runtime.protocols.json.reader import Reader
from serving_runtime.protocols.json.values import utf8
from serving_runtime.protocols.open_inference import json_tensors, parameters
from serving_runtime.protocols.open_inference.binary_data import BinaryData
from serving_runtime.protocols.open_inference.json_tensors import NAME, text
from serving_runtime.protocols.open_inference.parameters import Head
from serving_runtime.signature import MISSING_SUFFIX, Tensor, Value
from serving_runtime.validation.problems import Problems, quoted

_BODY = "the body"
_TENSORS = 'a list of tensors, each an object with "name", "datatype", "shape" and "data"'
_MAX_COMPARED = 16  # a client may send millions of names, and long ones
_INPUTS, _OUTPUTS, _PARAMETERS = "inputs", "outputs", "parameters"
_BINARY_OUTPUT, _BINARY_DATA, _BINARY_SIZE = "binary_data_output", "binary_data", "binary_data_size"

# The inputs that may have missing values, by the names that choose a signature.
Nullable = Mapping[str, FrozenSet[str]]


class Asked(NamedTuple):
    """What a request asks for, beside its inputs.

    ``is_binary``: whether outputs go after the JSON that ``binary_outputs`` does not name.
    """

    head: Head
    identity: str
    is_binary: bool
    binary_outputs: Mapping[str, bool]


NOTHING_ASKED = Asked(Head(), "", False, {})


class Found(NamedTuple):
    """A request: what it asks for, the inputs that can be read, and why others cannot."""

    asked: Asked
    tensors: Dict[str, Value]
    unreadable: Dict[str, str]


def interpret(reader: Reader, binary: BinaryData, nullable: Nullable) -> Found:
    """Return what a request holds.

    Args:
        reader: of its JSON.
        binary: what stands after that.
        nullable: the inputs that may have missing values.

    Raises:
        InvalidInput: it is no such request, or so many inputs cannot be read that no more would fit
            into the message.
        Unimplemented: it asks for an extension that is not served.
    """
    members = reader.members(reader.root, _BODY)
    asked = _asked(reader, members)
    if members.get(_INPUTS) is None:
        few = tuple(name[:_MAX_COMPARED] for name in itertools.islice(members, _MAX_COMPARED))
        hint = suggestion(nearest_name(_INPUTS, few))
        raise InvalidInput(f'{_BODY} has no "{_INPUTS}": expected {_TENSORS}{hint}')
    if not reader.is_list(members[_INPUTS]):
        reader.refuse(members[_INPUTS], f'"{_INPUTS}"', _TENSORS)
    found = Found(asked, {}, {})
    inputs = _Inputs(reader, binary, nullable.get(asked.head.signature_name, frozenset()), found)
    for number, node in enumerate(reader.elements(members[_INPUTS], f'"{_INPUTS}"')):
        inputs.add(node, f"{_INPUTS}[{number}]")
    binary.finish()
    return found


class _Inputs:
    """Adds one input after the other to what was found."""

    def __init__(
        self, reader: Reader, binary: BinaryData, nullable: FrozenSet[str], found: Found
    ) -> None:
        self._reader = reader
        self._binary = binary
        self._nullable = nullable
        self._found = found
        self._problems: Optional[Problems] = None

    def add(self, node: Any, place: str) -> None:
        """Add the input at a place."""
        members = self._reader.members(node, place)
        name = text(self._reader, members, NAME, place)
        content = None
        if members.get(_PARAMETERS) is not None:
            content = self._content(_given(self._reader, members, place), name)
        _, tensors, unreadable = self._found
        try:
            if name in tensors or name in unreadable:
                raise InvalidInput("there are several inputs of this name")
            self._read(name, members, content)
        except InvalidInput as problem:
            if not self._reader.is_last:
                raise
            tensors.pop(name, None)
            unreadable[name] = str(problem)
            self._count(name, str(problem))

    def _count(self, name: str, problem: str) -> None:
        self._problems = problems = self._problems or Problems("input")
        problems.add_unreadable(name, problem)
        if problems.is_full:
            raise InvalidInput(str(problems), problems=problems.found) from None

    def _content(self, given: Mapping[str, Any], name: str) -> Any:
        """Return an input's binary data, right or wrong: the next one's begin after them."""
        parameters.refuse_of_input(name, given)
        size = given.get(_BINARY_SIZE)
        return None if size is None else self._binary.take(size, name)

    def _read(self, name: str, members: Mapping[str, Any], content: Any) -> None:
        is_nullable = name in self._nullable
        tensor, missing = json_tensors.read(self._reader, members, content, is_nullable)
        self._found.tensors[name] = tensor
        if missing is not None:
            mask = name + MISSING_SUFFIX
            if mask in self._found.tensors:
                raise InvalidInput(f"null, and an input {quoted(mask)} that says what is missing")
            self._found.tensors[mask] = Tensor("bool", missing)


def _asked(reader: Reader, members: Mapping[str, Any]) -> Asked:
    if members.get(_PARAMETERS) is members.get(_OUTPUTS) is members.get("id") is None:
        return NOTHING_ASKED
    given = _given(reader, members, _BODY)
    outputs: Dict[str, Any] = {}
    names: List[str] = []
    nodes = members.get(_OUTPUTS)
    for number, node in enumerate(() if nodes is None else reader.elements(nodes, f'"{_OUTPUTS}"')):
        place = f"{_OUTPUTS}[{number}]"
        output = reader.members(node, place)
        name = text(reader, output, NAME, place)
        of_output = _given(reader, output, place)
        parameters.refuse_of_output(name, of_output)
        names.append(name)
        if of_output.get(_BINARY_DATA) is not None:
            outputs[name] = parameters.flag(of_output, _BINARY_DATA)
    head = parameters.head_of("", "", tuple(names), given)
    identity = reader.plain(members.get("id"))
    if not isinstance(identity, (str, type(None))):
        reader.refuse(identity, '"id"', "a text")
    utf8(identity or "")
    return Asked(head, identity or "", parameters.flag(given, _BINARY_OUTPUT), outputs)


def _given(reader: Reader, members: Mapping[str, Any], place: str) -> Dict[str, Any]:
    """Return the parameters of an object; what none of ours may be is refused if it is known."""
    node = members.get(_PARAMETERS)
    if node is None:
        return {}
    given = reader.members(node, f'"{_PARAMETERS}" of {place}')
    return {name: _scalar(reader, name, value) for name, value in given.items()}


def _scalar(reader: Reader, name: str, node: Any) -> Any:
    if reader.is_object(node) or reader.is_list(node):
        if name in parameters.KNOWN_OVER_REST:
            reader.refuse(node, f"the parameter {name}", "a text, a number, true or false")
        return None
    return node
