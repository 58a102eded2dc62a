"""Hydrosphere 3.x's Predict over protobuf, in typed fields and as ``binary_val``.

Its requests name no signature, so a case's own must be the only one that is served, and no outputs.
"""

from typing import Mapping

import numpy as np

import hydro_serving_grpc as hs
from serving_runtime import operations
from serving_runtime.errors import ProblemKind
from serving_runtime.signature import Tensor, Value
from tests.support import messages, messages_3_x
from tests.support.cases import OK, Case, Outcome
from tests.support.messages_3_x import PredictResponse
from tests.support.services import Answer, Call
from tests.support.wire import Wire
from tests.support.wires import tensorflow_serving
from tests.support.wires.tensorflow_serving import (
    DTYPES,
    FORMS,
    canonical,
    has_nan_payload,
    values_of,
    wrong_in,
)

BFLOAT16 = "bfloat16"


class Hydrosphere3(Wire):
    """Predict, with all numbers of a request in one encoding.

    Args:
        as_content: in ``binary_val``; else in typed fields.
    """

    names_signatures = False
    lacks = frozenset(
        (ProblemKind.UNKNOWN_SIGNATURE, ProblemKind.UNKNOWN_OUTPUT, ProblemKind.DUPLICATE_OUTPUT)
    )

    def __init__(self, as_content: bool) -> None:
        self.name = "hydrosphere-" + ("content" if as_content else "typed")
        self._as_content = as_content

    def write(self, case: Case) -> Call:
        """Return a case's request."""
        inputs = {
            name: tensorflow_serving.write(it, self._as_content) for name, it in case.inputs.items()
        }
        message = messages_3_x.request(hs.PredictRequest(inputs=inputs))
        payload = message.SerializeToString()
        return Call(operations.PREDICT_3, payload, alone=self.alone(case))

    def read(self, answer: Answer) -> Outcome:
        """Return what an answer says; its numbers must be in the encoding of the request."""
        if answer.status != OK:
            return Outcome({}, answer.status, wrong_in(answer.details), answer.details)
        message = PredictResponse.FromString(answer.payload)
        outputs = {name: read(it) for name, it in message.outputs.items()}
        # Written again it is the same, so nothing else was in it.
        assert canonical(message) == canonical(self.reply(outputs))
        return Outcome(outputs)

    def reply(self, outputs: Mapping[str, Value]):
        """Return the message of a reply to a request of this wire."""
        written = {
            name: tensorflow_serving.write(it, self._as_content) for name, it in outputs.items()
        }
        return messages_3_x.reply(messages.reply(**written))

    def gap(self, case: Case) -> str:
        """Return why this encoding cannot carry a case, or nothing if it can."""
        if case.asked:
            return "requests name no outputs"
        if any(it.kind is ProblemKind.UNKNOWN_SIGNATURE for it in case.outcome.wrong):
            return "requests name no signature"
        if BFLOAT16 in case.signature:
            return "tensors are of no bfloat16"
        if not self._as_content:
            has_payload = any(map(has_nan_payload, case.inputs.values()))
            return "protobuf's Python reads floats as doubles" if has_payload else ""
        is_same = self.write(case) == TYPED.write(case)
        return "without any number it is as in typed fields" if is_same else ""


TYPED = Hydrosphere3(as_content=False)
CONTENT = Hydrosphere3(as_content=True)
WIRES = (TYPED, CONTENT)


def read(message):
    """Return the tensor, map or list of maps of a message that says each of its values."""
    assert message.HasField("tensor_shape")
    dims = list(message.tensor_shape.dims)
    if message.dtype == hs.DT_MAP:
        maps = [
            {name: read(it) for name, it in item.subtensors.items()} for item in message.map_val
        ]
        return maps if dims else maps[0]
    dtype = DTYPES[message.dtype]
    form = FORMS[dtype]
    if message.binary_val:
        entries = np.frombuffer(message.binary_val, form.entry)
    else:
        entries = np.array(list(getattr(message, form.field)), form.entry)
    return Tensor(dtype, values_of(dtype, entries).reshape(dims))
