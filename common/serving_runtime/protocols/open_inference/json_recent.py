"""Read requests in JSON that are like recent ones, but for their values and their id."""

from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from serving_runtime.errors import InvalidInput
from serving_runtime.ipc.tuples import make_tuple
from serving_runtime.protocols.json.reading import LONG_BYTES
from serving_runtime.protocols.json.recent_texts import RecentTexts
from serving_runtime.protocols.open_inference import json_tensors
from serving_runtime.protocols.open_inference.json_replies import RestContext, identity_member
from serving_runtime.protocols.open_inference.json_requests import Nullable
from serving_runtime.protocols.open_inference.json_tensors import DATA, Form
from serving_runtime.protocols.request import Request
from serving_runtime.signature import MISSING_SUFFIX, Tensor, Value

_ID, _INPUTS = "id", "inputs"


class _Known(NamedTuple):
    """What a text says beside its values: a request without tensors, and their names and forms."""

    request: Request
    inputs: Tuple[Tuple[str, Form], ...]


class RecentRequests:
    """Knows the requests in JSON that came lately.

    Args:
        nullable: the inputs that may have missing values, by the names that choose a signature.
    """

    def __init__(self, nullable: Nullable) -> None:
        self._nullable = nullable
        self._texts: RecentTexts[_Known] = RecentTexts((_ID, DATA), _changing)

    def read(self, text: bytes) -> Optional[Request]:
        """Return a request; None unless it is like a recent one, and nothing is wrong with it."""
        found = self._texts.find(text)
        if found is None:
            return None
        (request, inputs), values = found
        signature_name, _, output_names, unreadable, context, sequence, timeout = request
        if len(values) > len(inputs):
            identity = values.pop()
            if not isinstance(identity, (str, type(None))):
                return None
            _, is_binary, binary_outputs = context
            member = identity_member(identity or "")
            context = make_tuple(RestContext, (member, is_binary, binary_outputs))
        tensors: Dict[str, Value] = {}
        try:
            for (name, form), value in zip(inputs, values):
                tensors[name] = json_tensors.of_plain(value, form)
        except InvalidInput:
            return None
        parts = (signature_name, tensors, output_names, unreadable, context, sequence, timeout)
        return make_tuple(Request, parts)

    def remember(self, text: bytes, request: Request) -> None:
        """Remember a request that was read."""
        if len(text) > LONG_BYTES or request.unreadable:
            return
        nullable = self._nullable.get(request.signature_name, ())
        inputs = []
        for name, tensor in request.tensors.items():
            is_marked = name + MISSING_SUFFIX in request.tensors
            # What empty ones may cost is judged each time.
            if not isinstance(tensor, Tensor) or is_marked or not tensor.array.size:
                return
            inputs.append((name, json_tensors.form_of(tensor, name in nullable)))
        self._texts.remember(text, _Known(request._replace(tensors={}), tuple(inputs)))


def _changing(body: Any) -> List[Any]:
    """Return the values of a request's inputs, and its id if it has one."""
    values = [tensor[DATA] for tensor in body[_INPUTS]]
    return [*values, body[_ID]] if _ID in body else values
