"""TensorFlow Serving's Predict over protobuf, in typed fields and as ``tensor_content``.

What else this wire allows (values that stand for many, shapes with -1, metadata) is no other's, and
is tested in ``tests/conformance/tensorflow_serving``.
"""

import re
from typing import Mapping, NamedTuple, Tuple

import numpy as np

import hydro_serving_grpc as hs
from serving_runtime import operations
from serving_runtime.errors import ProblemKind
from serving_runtime.signature import STRING, Tensor, Value
from tests.support import messages
from tests.support.cases import OK, Case, Outcome, Wrong
from tests.support.services import Answer, Call
from tests.support.wire import Wire


class Form(NamedTuple):
    """A dtype on this wire: its number, its typed field, and the type of one entry in it.

    Halves are entered as their bits, and complex numbers as pairs.
    """

    number: int
    field: str
    entry: str


FORMS = {
    "bool": Form(hs.DT_BOOL, "bool_val", "?"),
    "int8": Form(hs.DT_INT8, "int_val", "<i1"),
    "int16": Form(hs.DT_INT16, "int_val", "<i2"),
    "int32": Form(hs.DT_INT32, "int_val", "<i4"),
    "int64": Form(hs.DT_INT64, "int64_val", "<i8"),
    "uint8": Form(hs.DT_UINT8, "int_val", "<u1"),
    "uint16": Form(hs.DT_UINT16, "int_val", "<u2"),
    "uint32": Form(hs.DT_UINT32, "uint32_val", "<u4"),
    "uint64": Form(hs.DT_UINT64, "uint64_val", "<u8"),
    "float16": Form(hs.DT_HALF, "half_val", "<u2"),
    "bfloat16": Form(hs.DT_BFLOAT16, "half_val", "<u2"),
    "float32": Form(hs.DT_FLOAT, "float_val", "<f4"),
    "float64": Form(hs.DT_DOUBLE, "double_val", "<f8"),
    "complex64": Form(hs.DT_COMPLEX64, "scomplex_val", "<f4"),
    "complex128": Form(hs.DT_COMPLEX128, "dcomplex_val", "<f8"),
    "qint8": Form(hs.DT_QINT8, "int_val", "<i1"),
    "quint8": Form(hs.DT_QUINT8, "int_val", "<u1"),
    "qint16": Form(hs.DT_QINT16, "int_val", "<i2"),
    "quint16": Form(hs.DT_QUINT16, "int_val", "<u2"),
    "qint32": Form(hs.DT_QINT32, "int_val", "<i4"),
    STRING: Form(hs.DT_STRING, "string_val", "O"),
}
DTYPES = {form.number: dtype for dtype, form in FORMS.items()}
COMPLEX = ("complex64", "complex128")


class TensorFlowServing(Wire):
    """Predict, with all numbers of a request in one encoding.

    Args:
        as_content: in ``tensor_content``; else in typed fields.
    """

    def __init__(self, as_content: bool) -> None:
        self.name = "tensorflow_serving-" + ("content" if as_content else "typed")
        self._as_content = as_content

    def write(self, case: Case) -> Call:
        """Return a case's request."""
        inputs = {name: write(value, self._as_content) for name, value in case.inputs.items()}
        payload = messages.request(case.signature, case.asked, **inputs)
        return Call(operations.PREDICT, payload)

    def read(self, answer: Answer) -> Outcome:
        """Return what an answer says; its numbers must be in the encoding of the request."""
        if answer.status != OK:
            return Outcome({}, answer.status, wrong_in(answer.details), answer.details)
        message = hs.PredictResponse.FromString(answer.payload)
        outputs = {name: read(it) for name, it in message.outputs.items()}
        # Written again it is the same, so nothing else was in it.
        assert canonical(message) == canonical(self.reply(outputs))
        return Outcome(outputs)

    def reply(self, outputs: Mapping[str, Value]):
        """Return the message of a reply to a request of this wire."""
        return messages.reply(**{name: write(it, self._as_content) for name, it in outputs.items()})

    def gap(self, case: Case) -> str:
        """Return why this encoding cannot carry a case, or nothing if it can."""
        if not self._as_content:
            has_payload = any(map(has_nan_payload, case.inputs.values()))
            return "protobuf's Python reads floats as doubles" if has_payload else ""
        is_same = self.write(case) == TYPED.write(case)
        return "without any number it is as in typed fields" if is_same else ""


TYPED = TensorFlowServing(as_content=False)
CONTENT = TensorFlowServing(as_content=True)
WIRES = (TYPED, CONTENT)


def canonical(message):
    """Return a message's bytes, which keep what ``==`` overlooks: NaNs and unknown fields."""
    return message.SerializeToString(deterministic=True)


def write(value, as_content=False):
    """Return the message of a tensor, of a map of tensors, or of a list of maps."""
    if isinstance(value, list):
        maps = [write(item, as_content).map_val[0] for item in value]
        return messages.tensor(hs.DT_MAP, [len(maps)], map_val=maps)
    if not isinstance(value, Tensor):
        return messages.mapping(**{name: write(it, as_content) for name, it in value.items()})
    form, shape = FORMS[value.dtype], value.array.shape
    entries = _entries(value)
    if as_content and value.dtype != STRING:
        return messages.tensor(form.number, shape, tensor_content=entries.tobytes())
    return messages.tensor(form.number, shape, **{form.field: entries.tolist()})


def read(message):
    """Return the tensor, map or list of maps of a message that says each of its values."""
    if message.dtype == hs.DT_MAP:
        maps = [
            {name: read(it) for name, it in item.subtensors.items()} for item in message.map_val
        ]
        return maps if message.tensor_shape.dim else maps[0]
    dtype = DTYPES[message.dtype]
    form = FORMS[dtype]
    if message.tensor_content:
        entries = np.frombuffer(message.tensor_content, form.entry)
    else:
        entries = np.array(list(getattr(message, form.field)), form.entry)
    assert message.HasField("tensor_shape")
    return Tensor(
        dtype, values_of(dtype, entries).reshape([it.size for it in message.tensor_shape.dim])
    )


def _entries(value):
    """Return a tensor's values as the entries of its field."""
    flat = np.ascontiguousarray(value.array).reshape(-1)
    entry = np.dtype(FORMS[value.dtype].entry)
    if value.dtype == "bfloat16":
        return (flat.view("<u4") >> 16).astype(entry)
    return flat.view(entry) if value.dtype == "float16" or value.dtype in COMPLEX else flat


def values_of(dtype, entries):
    """Return the values of a dtype by their entries."""
    if dtype == "bfloat16":
        return (entries.astype("<u4") << 16).view("<f4")
    if dtype == "float16":
        return entries.view("<f2")
    return entries.view(dtype) if dtype in COMPLEX else entries


def has_nan_payload(value):
    """Return whether a tensor has NaNs that Python's floats do not keep."""
    if not isinstance(value, Tensor) or value.dtype not in ("float32", "float64"):
        return False
    nans = value.array[np.isnan(value.array)]
    return nans.tobytes() != np.full(len(nans), np.nan, nans.dtype).tobytes()


_FIELD = re.compile(r'(?:input|output) "((?:[^"]|\["[^"]*"\])*)"(.*)', re.DOTALL)
_EXPECTED = re.compile(r": expected (\w+)(?:\[[^\]]*\])?, got (\w+)(.*)", re.DOTALL)
_LOSSES = ("overflows", "does not fit", "is not exact in")
_CALLS = (
    (ProblemKind.NO_SIGNATURE, re.compile("the request names no signature()")),
    (ProblemKind.UNKNOWN_SIGNATURE, re.compile("(.*) signature is not present in the model")),
    (ProblemKind.UNKNOWN_OUTPUT, re.compile('output_filter names "(.*)", but the outputs are')),
    (ProblemKind.DUPLICATE_OUTPUT, re.compile('output_filter names "(.*)" twice')),
)


def wrong_in(details: str, calls=_CALLS) -> Tuple[Wrong, ...]:
    """Return what details say is wrong; their other words are the protocol's own.

    Args:
        details: of a refusal.
        calls: how the protocol says what is wrong with a call as a whole, by kind.
    """
    found = [_wrong(part, calls) for part in details.split("; ")]
    return tuple(it for it in found if it)


def _wrong(text, calls):
    field = _FIELD.match(text)
    if field:
        return Wrong(_kind(field.group(2)), field.group(1))
    for kind, pattern in calls:
        named = pattern.match(text)
        if named:
            return Wrong(kind, named.group(1))
    return None


def _kind(predicate):
    if predicate.startswith(" is missing"):
        return ProblemKind.MISSING
    if predicate.startswith(" is not in the signature"):
        return ProblemKind.UNEXPECTED
    if predicate.startswith(" has "):
        return ProblemKind.ROWS
    told = _EXPECTED.match(predicate)
    if not told:
        return ProblemKind.UNREADABLE
    expected, got, remark = told.groups()
    if any(loss in remark for loss in _LOSSES):
        return ProblemKind.CAST
    return ProblemKind.SHAPE if expected == got else ProblemKind.DTYPE
