"""What ``:predict`` means in TensorFlow Serving's REST, and in KServe's V1, which is the same here.

The body has rows in ``instances`` or columns in ``inputs``, and is answered in the same form, as
``predictions`` or ``outputs``. All else in it is somebody else's, and ignored.
"""

from typing import Any, Dict, Mapping, NamedTuple

from serving_runtime import validation
from serving_runtime.errors import InvalidInput, ServingError
from serving_runtime.ipc.frames import Bytes
from serving_runtime.protocols.json import replies, requests
from serving_runtime.protocols.json.reader import Reader
from serving_runtime.protocols.json.requests import INPUTS, INSTANCES, InputReader
from serving_runtime.protocols.protocol import Encoded, ModelProtocol
from serving_runtime.protocols.request import Request
from serving_runtime.protocols.tensorflow_serving import rest_served, wording
from serving_runtime.settings import Settings
from serving_runtime.signature import Contract, Signature, Value
from serving_runtime.validation.problems import quoted

_KEYS = (INSTANCES, INPUTS)
_NO_ROWS = f'send "{INPUTS}" for the values as they are'


class _Served(NamedTuple):
    """What reads a signature's inputs; why its outputs cannot be written in rows, if so."""

    inputs: InputReader
    no_rows: str


class RestPredict(ModelProtocol):
    """The path names the model: another one is NOT_FOUND."""

    def __init__(self, contract: Contract, settings: Settings) -> None:
        super().__init__(contract, settings)
        self._names = rest_served.names_of(contract, settings)
        by_name = requests.signatures_of(contract).items()
        self._served = {name: _served(signature) for name, signature in by_name}

    @classmethod
    def alignment_offset(cls, length_bytes: int) -> int:
        """Return 0: numbers are read from their texts."""
        return 0

    def word(self, error: ServingError) -> str:
        """Return an error's text with what TensorFlow Serving's clients match on."""
        return wording.word(error)

    def decode(self, payload: Bytes, target: str, attributes: Mapping[str, str]) -> Request:
        """Read a JSON object with ``instances`` or ``inputs``."""
        rest_served.check(self._names, target, attributes)
        return requests.decode(payload, self._request)

    def encode(
        self, outputs: Mapping[str, Value], request: Request, signature: Signature
    ) -> Encoded:
        """Write the outputs in the request's form.

        Raises:
            InvalidInput: they cannot be written in rows.
        """
        if not request.reply_context:
            return b'{"outputs":' + replies.columns(outputs) + b"}", rest_served.OF_JSON
        reason = replies.reason_not_rows(outputs)
        if reason:
            raise InvalidInput(f"{reason}: {_NO_ROWS}")
        return b'{"predictions":' + replies.rows(outputs) + b"}", rest_served.OF_JSON

    def _request(self, reader: Reader) -> Request:
        body = reader.members(reader.root, "the body")
        has_rows = _has_rows(body)
        name = requests.signature_name(body)
        served = self._served.get(name)
        if served is None:
            served = _served(validation.choose_signature(self._contract, name))
        if has_rows and served.no_rows:
            raise InvalidInput(served.no_rows)
        read = served.inputs.rows if has_rows else served.inputs.columns
        tensors, unreadable = read(reader, body[INSTANCES if has_rows else INPUTS])
        chosen = served.inputs.signature.name
        return Request(chosen, tensors, unreadable=unreadable, reply_context=has_rows)


def _has_rows(body: Dict[str, Any]) -> bool:
    """Return whether a request has rows; else it has columns.

    Raises:
        InvalidInput: it has both, or neither.
    """
    given = [key for key in _KEYS if key in body]
    if len(given) != 1:
        found = "both" if given else f"neither, but {_listed(body)}"
        raise InvalidInput(
            f'expected one of "{INSTANCES}" (a list of rows) and "{INPUTS}" (columns) in the '
            f"body, which has {found}"
        )
    return given[0] == INSTANCES


def _listed(body: Dict[str, Any]) -> str:
    names = sorted(body)[:5]
    return ", ".join(map(quoted, names)) if names else "nothing"


def _served(signature: Signature) -> _Served:
    without = [field for field in signature.outputs if field.shape == ()]
    no_rows = f'output "{without[0].name}" has no rows: {_NO_ROWS}' if without else ""
    return _Served(InputReader(signature), no_rows)
