"""Read the two forms of a request that several dialects share: ``instances`` and ``inputs``.

``instances`` is a list of rows: values where the signature has one input, else objects with a value
for each. ``inputs`` is the columns: a value where there is one input, or an object with a value for
each. See: tensorflow_serving/g3doc/api_rest.md in https://github.com/tensorflow/serving
"""

from typing import Any, Callable, Dict, List, NamedTuple

import numpy as np

from serving_runtime import validation
from serving_runtime.errors import InvalidInput
from serving_runtime.ipc.frames import Bytes
from serving_runtime.protocols.json import base64, fields, reading
from serving_runtime.protocols.json.reader import Doubt, Reader
from serving_runtime.protocols.request import Request
from serving_runtime.signature import Contract, Signature, Tensor, Value
from serving_runtime.validation.problems import Problems, quoted

INSTANCES, INPUTS = "instances", "inputs"

# Follows the name of a list of objects until the number of the object is known.
EACH = "[*]"
# For an input that the signature has not: that is found out later, from its name.
_UNKNOWN = Tensor("float32", np.empty(0, np.float32))


# The signature that a call without a name means where the contract says none: what the clients of
# these dialects call a model for, and all that some of them can.
PREDICT = "predict"


def signatures_of(contract: Contract) -> Dict[str, Signature]:
    """Return the signatures by the names that choose them; the empty one if any is meant by it."""
    found = validation.by_requested_name(contract)
    if PREDICT in found:
        found.setdefault("", found[PREDICT])
    return found


class Found(NamedTuple):
    """What was read of a request's inputs, and why what is ``unreadable`` was not."""

    tensors: Dict[str, Value]
    unreadable: Dict[str, str]


class Unreadable(InvalidInput):
    """Inputs that cannot be read, but in a request that can: its other problems are said as well.

    Raised, since a quick reader's refusal is to be looked at by a thorough one.
    """

    def __init__(self, request: Request) -> None:
        super().__init__("an input cannot be read")
        self.request = request


def decode(payload: Bytes, interpret: Callable[[Reader], Request]) -> Request:
    """Return the request in a JSON text.

    Args:
        payload: the text.
        interpret: reads it, as for ``reading.read``; the request may have unreadable inputs.

    Raises:
        InvalidInput: it is no JSON, or whatever ``interpret`` raises.
    """

    def checked(reader: Reader) -> Request:
        request = interpret(reader)
        if request.unreadable:
            raise Unreadable(request)
        return request

    try:
        return reading.read(payload, checked)
    except Unreadable as found:
        return found.request


class InputReader:
    """Reads the inputs of one signature."""

    def __init__(self, signature: Signature) -> None:
        self.signature = signature
        inputs = signature.inputs + signature.optional_inputs
        self._fields = {field.name: field for field in inputs}
        self._only = signature.inputs[0] if len(signature.inputs) == 1 else None
        nullable = (*signature.nullable, *signature.nullable_floats)
        self._nullable = frozenset(it.name for it in nullable)

    def rows(self, reader: Reader, node: Any, place: str = INSTANCES) -> Found:
        """Read a list of rows.

        Raises:
            InvalidInput: it is none, or a row has not the form of the first one.
            Doubt: the reader cannot be sure.
        """
        if not reader.is_list(node):
            reader.refuse(node, place, "a list of rows")
        if not len(node):
            raise InvalidInput(f"{place} is an empty list: expected a row at least")
        if not _is_named(reader, node[0]):
            return self._alone(reader, node, place)
        if not isinstance(node, list):  # objects are read as Python's
            raise Doubt
        return self.columns_of(reader, _columns(node, place), f"{place}{EACH}")

    def columns(self, reader: Reader, node: Any, place: str = INPUTS) -> Found:
        """Read the values of all rows together.

        Raises:
            InvalidInput: it is no value of the only input, and no object of inputs by name.
            Doubt: the reader cannot be sure.
        """
        if not _is_named(reader, node):
            return self._alone(reader, node, place)
        return self.columns_of(reader, reader.members(node, place), place)

    def columns_of(self, reader: Reader, nodes: Dict[str, Any], place: str) -> Found:
        """Read inputs by their names.

        Raises:
            InvalidInput: so many cannot be read that no more would fit into the message.
            Doubt: the reader cannot be sure.
        """
        found = Found({}, {})
        problems = Problems("input")
        for name, node in nodes.items():
            try:
                self._add(found, reader, node, name, f"{place}.{name}")
            except InvalidInput as error:
                found.unreadable[name] = _numbered(str(error), place, name)
                problems.add_unreadable(name, found.unreadable[name])
                if problems.is_full:
                    raise InvalidInput(str(problems), problems=problems.found) from None
        return found

    def _add(self, found: Found, reader: Reader, node: Any, name: str, place: str) -> None:
        field = self._fields.get(name)
        if field is None:
            found.tensors[name] = _UNKNOWN
        else:
            read = fields.read(reader, node, field, name in self._nullable, place)
            fields.merge(found.tensors, read)

    def _alone(self, reader: Reader, node: Any, place: str) -> Found:
        """Read the values of the only input."""
        field = self._only
        if field is None:
            raise InvalidInput(
                f"{place} has values without names, but the signature has the inputs "
                f"{_names(self.signature.inputs)}: send an object with a value for each"
            )
        try:
            is_nullable = field.name in self._nullable
            return Found(fields.read(reader, node, field, is_nullable, place), {})
        except InvalidInput as error:
            return Found({}, {field.name: str(error)})


def _is_named(reader: Reader, node: Any) -> bool:
    """Whether a node has values by the inputs' names, and is no text in base64."""
    if not reader.is_object(node):
        return False
    return not (len(node) == 1 and base64.KEY in node and isinstance(node[base64.KEY], str))


def _columns(rows: List[Any], place: str) -> Dict[str, List[Any]]:
    """Return each name's values in all rows.

    Raises:
        InvalidInput: a row has other names than the first one.
    """
    names = rows[0].keys()
    for index, row in enumerate(rows):
        if type(row) is not dict:
            raise InvalidInput(f"{place}[{index}] is no object, but {place}[0] is one")
        if row.keys() != names:
            raise InvalidInput(_odd_row(index, names - row.keys(), row.keys() - names, place))
    return {name: [row[name] for row in rows] for name in names}


def _odd_row(index: int, lacking: Any, more: Any, place: str) -> str:
    problem = (
        f"lacks {quoted(min(lacking))}, which" if lacking else f"has {quoted(min(more))}, which"
    )
    return f"{place}[{index}] {problem} {place}[0] has{'' if lacking else ' not'}"


def _numbered(text: str, place: str, name: str) -> str:
    """Return a message with ``instances[3].x`` in place of ``instances[*].x[3]``."""
    if not place.endswith(EACH):
        return text
    first, *others = text.split(f"{place}.{name}[")
    stem = place[: -len(EACH)]
    moved = [f"{stem}[{part.replace(']', f'].{name}', 1)}" for part in others]
    return "".join([first, *moved])


def _names(inputs: Any) -> str:
    return ", ".join(field.name for field in inputs)


def signature_name(body: Dict[str, Any], key: str = "signature_name") -> str:
    """Return the signature's name that a request has; empty where it has none.

    Raises:
        InvalidInput: it is no text.
    """
    name = body.get(key)
    if name is not None and not isinstance(name, str):
        raise InvalidInput(f"{key} is no text")
    return name or ""
