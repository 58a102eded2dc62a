"""What ``/invocations`` means: the one path that looks at Content-Type, and at Accept.

A table in CSV, a file of NumPy's, or JSON whose keys tell the dialect. Every answer in JSON is
``{"predictions": …}``: in rows, but for ``inputs``, which are columns and answered as such.
"""

from typing import Any, Callable, Dict, Mapping, Optional

from serving_runtime import validation
from serving_runtime.errors import InvalidInput, ServingError
from serving_runtime.ipc.attributes import ACCEPT, CONTENT_TYPE
from serving_runtime.ipc.frames import Bytes
from serving_runtime.protocols.json import replies, requests
from serving_runtime.protocols.json.reader import Reader
from serving_runtime.protocols.json.requests import INPUTS, INSTANCES, Found, InputReader
from serving_runtime.protocols.protocol import Encoded, ModelProtocol
from serving_runtime.protocols.request import Request
from serving_runtime.protocols.tabular import csv_table, frames, npy
from serving_runtime.protocols.tabular.frames import RECORDS, SPLIT
from serving_runtime.settings import Settings
from serving_runtime.signature import Contract, Signature, Tensor, Value

JSON, CSV, NPY = "application/json", "text/csv", "application/x-npy"
# What says nothing of the body: clients that were not told any type send it.
_UNSAID = ("", "application/x-www-form-urlencoded", "text/json")
_PARAMETERS = "params"
_TYPES = {kind: {CONTENT_TYPE: kind} for kind in (JSON, NPY)}
_TYPES[CSV] = {CONTENT_TYPE: f"{CSV}; charset=utf-8"}

_READERS: Dict[str, Callable[[Reader, Any, InputReader], Found]] = {
    SPLIT: frames.read_split,
    RECORDS: frames.read_records,
    INSTANCES: lambda reader, node, inputs: inputs.rows(reader, node),
    INPUTS: lambda reader, node, inputs: inputs.columns(reader, node),
}


class Invocations(ModelProtocol):
    """A host calls the one model that it has: no name of a model is given, or checked."""

    def __init__(self, contract: Contract, settings: Settings) -> None:
        super().__init__(contract, settings)
        by_name = requests.signatures_of(contract).items()
        self._inputs = {name: InputReader(signature) for name, signature in by_name}

    @classmethod
    def alignment_offset(cls, length_bytes: int) -> int:
        """Return 0: numbers are read from their texts, and the values of a file are aligned."""
        return 0

    def word(self, error: ServingError) -> str:
        """Return an error's text."""
        return str(error)

    def decode(self, payload: Bytes, target: str, attributes: Mapping[str, str]) -> Request:
        """Read a table in whichever form the content type says."""
        kind = _media_type(attributes.get(CONTENT_TYPE, ""))
        reply = _reply_type(attributes.get(ACCEPT, ""))
        if kind == JSON or kind in _UNSAID:
            return requests.decode(payload, lambda reader: self._of_json(reader, reply))
        signature = self._chosen("").signature
        if kind == CSV:
            tensors = csv_table.read(payload, signature)
        elif kind == NPY:
            tensors = npy.read(payload, signature, self._settings.max_expanded_bytes)
        else:
            raise InvalidInput(f"the content type is none of {JSON}, {CSV} and {NPY}")
        return Request(signature.name, tensors, reply_context=(reply, True))

    def encode(
        self, outputs: Mapping[str, Value], request: Request, signature: Signature
    ) -> Encoded:
        """Write the outputs as Accept asks for it; as JSON where they have no such form."""
        reply, has_rows = request.reply_context
        other = None if reply == JSON else _as(reply, outputs)
        if other is not None:
            return other, _TYPES[reply]
        write = replies.columns
        if has_rows and not replies.reason_not_rows(outputs):
            write = replies.rows
        return b'{"predictions":' + write(outputs) + b"}", _TYPES[JSON]

    def _of_json(self, reader: Reader, reply: str) -> Request:
        body = reader.members(reader.root, "the body")
        given = [key for key in _READERS if key in body]
        if len(given) != 1:
            raise InvalidInput(
                f"expected one of {', '.join(_READERS)} in the body, which has "
                f"{' and '.join(given) if given else 'none of them'}"
            )
        if body.get(_PARAMETERS):
            raise InvalidInput(f'the model takes no "{_PARAMETERS}"')
        inputs = self._chosen(requests.signature_name(body))
        tensors, unreadable = _READERS[given[0]](reader, body[given[0]], inputs)
        context = (reply, given[0] != INPUTS)
        return Request(inputs.signature.name, tensors, unreadable=unreadable, reply_context=context)

    def _chosen(self, name: str) -> InputReader:
        found = self._inputs.get(name)
        return found or InputReader(validation.choose_signature(self._contract, name))


def _media_type(header: str) -> str:
    return header.partition(";")[0].strip().lower()


def _reply_type(accept: str) -> str:
    """Return the first type of those that a client takes which there is."""
    kinds = (_media_type(each) for each in accept.split(","))
    return next((kind for kind in kinds if kind in (JSON, CSV, NPY)), JSON)


def _as(reply: str, outputs: Mapping[str, Value]) -> Optional[bytes]:
    """Return outputs as a table, or as a file of NumPy's; None if they have no such form."""
    arrays = [value.array for value in outputs.values() if isinstance(value, Tensor)]
    if len(arrays) < len(outputs):
        return None
    if reply == NPY:
        is_one = len(arrays) == 1 and arrays[0].dtype != object
        return npy.write(arrays[0]) if is_one else None
    if replies.reason_not_rows(outputs) or any(array.ndim > 2 for array in arrays):
        return None
    try:
        return csv_table.write(arrays)
    except UnicodeDecodeError:
        return None
