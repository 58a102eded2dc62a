"""Open Inference's ModelInfer over protobuf, in typed contents and in raw ones.

What else this wire allows (names, ids, parameters, metadata) is no other's, and is tested in
``tests/conformance/open_inference``.
"""

import re
import struct
from typing import Mapping, NamedTuple, Optional

import numpy as np

from hydro_serving_grpc.messages import message_class
from serving_runtime import operations
from serving_runtime.errors import ProblemKind
from serving_runtime.signature import STRING, Tensor, Value
from tests.support.cases import OK, Case, Outcome
from tests.support.services import Answer, Call
from tests.support.wire import Wire
from tests.support.wires.tensorflow_serving import canonical, wrong_in

Request = message_class("inference.ModelInferRequest")
Input = message_class("inference.ModelInferRequest.InferInputTensor")
Response = message_class("inference.ModelInferResponse")
Output = message_class("inference.ModelInferResponse.InferOutputTensor")
Contents = message_class("inference.InferTensorContents")


class Form(NamedTuple):
    """A dtype on this wire: its datatype, its typed field, and the type of one raw value.

    Halves have no typed field, and are bits.
    """

    datatype: str
    field: str
    element: str


FORMS = {
    "bool": Form("BOOL", "bool_contents", "?"),
    "int8": Form("INT8", "int_contents", "<i1"),
    "int16": Form("INT16", "int_contents", "<i2"),
    "int32": Form("INT32", "int_contents", "<i4"),
    "int64": Form("INT64", "int64_contents", "<i8"),
    "uint8": Form("UINT8", "uint_contents", "<u1"),
    "uint16": Form("UINT16", "uint_contents", "<u2"),
    "uint32": Form("UINT32", "uint_contents", "<u4"),
    "uint64": Form("UINT64", "uint64_contents", "<u8"),
    "float16": Form("FP16", "", "<u2"),
    "bfloat16": Form("BF16", "", "<u2"),
    "float32": Form("FP32", "fp32_contents", "<f4"),
    "float64": Form("FP64", "fp64_contents", "<f8"),
    STRING: Form("BYTES", "bytes_contents", "O"),
}
DTYPES = {form.datatype: dtype for dtype, form in FORMS.items()}
HALVES = ("float16", "bfloat16")
# Models and signatures that need what this protocol has no datatype for.
UNCARRIED_MODELS = ("maps", "crowd")
UNCARRIED_SIGNATURES = ("identity_map", "nested")
ID = "größer 1"

CALLS = (
    (ProblemKind.NO_SIGNATURE, re.compile("the request names no signature()")),
    (ProblemKind.UNKNOWN_SIGNATURE, re.compile('the model has no signature "(.*)"$')),
    (ProblemKind.UNKNOWN_OUTPUT, re.compile('the signature has no output "(.*)"$')),
    (ProblemKind.DUPLICATE_OUTPUT, re.compile('the request names the output "(.*)" twice')),
)


class OpenInference(Wire):
    """ModelInfer, with all values of a request in one form.

    Args:
        as_raw: in raw contents; else in typed ones.
    """

    def __init__(self, as_raw: bool) -> None:
        self.name = "open_inference-" + ("raw" if as_raw else "typed")
        self._as_raw = as_raw

    def write(self, case: Case) -> Call:
        """Return a case's request."""
        message = request(case.inputs, self._as_raw, id=ID)
        if case.signature:
            message.parameters["signature_name"].string_param = case.signature
        for name in case.asked:
            message.outputs.add(name=name)
        return Call(operations.INFER, message.SerializeToString())

    def read(self, answer: Answer) -> Outcome:
        """Return what an answer says; its values must be in the form of the request."""
        if answer.status != OK:
            return Outcome({}, answer.status, wrong_in(answer.details, CALLS), answer.details)
        message = Response.FromString(answer.payload)
        outputs = outputs_of(message)
        # Written again it is the same, so nothing else was in it.
        assert message.model_name
        expected = self.reply(outputs, message.model_name, message.model_version)
        assert canonical(message) == canonical(expected)
        return Outcome(outputs)

    def reply(self, outputs: Mapping[str, Value], name="model", version="1", id=ID):
        """Return the message of a reply to a request of this wire."""
        return reply(outputs, self._as_raw, model_name=name, model_version=version, id=id)

    def gap(self, case: Case) -> str:
        """Return why this form cannot carry a case, or nothing if it can."""
        values = [*case.inputs.values(), *case.outcome.outputs.values()]
        dtypes = [value.dtype if isinstance(value, Tensor) else "map" for value in values]
        of_signature = case.signature.replace("identity_", "")
        if (
            case.model in UNCARRIED_MODELS
            or case.signature in UNCARRIED_SIGNATURES
            or any(is_uncarried(dtype) for dtype in [*dtypes, of_signature])
        ):
            return "the protocol has no datatype for it"
        if self._as_raw:
            return "" if case.inputs else "without any input it is as in typed contents"
        if any(it.dtype in HALVES for it in case.inputs.values()):
            return "halves travel in raw contents only"
        has_payload = any(map(_has_nan_payload, case.inputs.values()))
        return "protobuf's Python reads floats as doubles" if has_payload else ""


TYPED = OpenInference(as_raw=False)
RAW = OpenInference(as_raw=True)
WIRES = (TYPED, RAW)


def is_uncarried(dtype: str) -> bool:
    """Return whether a dtype has no datatype."""
    return dtype == "map" or dtype.startswith(("complex", "qint", "quint"))


def request(inputs: Mapping[str, Tensor], as_raw: bool, **fields):
    """Return the message of a request with these inputs; ``fields`` are its others."""
    message = Request(**fields)
    for name, tensor in inputs.items():
        _add(message.inputs, name, tensor, None if as_raw else contents(tensor))
    if as_raw:
        message.raw_input_contents.extend(map(raw, inputs.values()))
    return message


def reply(outputs: Mapping[str, Tensor], as_raw: bool, **fields):
    """Return the message of a reply, which is raw where an output is of halves."""
    as_raw = as_raw or any(it.dtype in HALVES for it in outputs.values())
    message = Response(**fields)
    for name, tensor in outputs.items():
        _add(message.outputs, name, tensor, None if as_raw else contents(tensor))
    if as_raw:
        message.raw_output_contents.extend(map(raw, outputs.values()))
    return message


def outputs_of(message) -> Mapping[str, Tensor]:
    """Return the tensors of a reply."""
    raws = message.raw_output_contents or [None] * len(message.outputs)
    assert len(raws) == len(message.outputs)
    return {it.name: _read(it, content) for it, content in zip(message.outputs, raws)}


def raw(tensor: Tensor) -> bytes:
    """Return a tensor's values as raw contents."""
    if tensor.dtype == STRING:
        return b"".join(struct.pack("<I", len(it)) + it for it in tensor.array.ravel().tolist())
    if tensor.dtype == "bfloat16":
        return (np.ascontiguousarray(tensor.array).view("<u4") >> 16).astype("<u2").tobytes()
    return tensor.array.tobytes()


def contents(tensor: Tensor):
    """Return a tensor's values as typed contents; None if there are none to be written."""
    if not tensor.array.size:
        return None
    form = FORMS[tensor.dtype]
    return Contents(**{form.field: tensor.array.ravel().tolist()})


def _add(tensors, name: str, tensor: Tensor, typed: Optional[object]) -> None:
    form = FORMS[tensor.dtype]
    tensors.add(name=name, datatype=form.datatype, shape=tensor.array.shape, contents=typed)


def tensor_of_raw(dtype: str, shape, content: bytes) -> Tensor:
    """Return the tensor in raw contents."""
    if dtype == STRING:
        array = _objects(_elements(content))
    else:
        array = np.frombuffer(content, FORMS[dtype].element)
    return Tensor(dtype, _wide(dtype, array).reshape(list(shape)))


def _read(message, content: Optional[bytes]) -> Tensor:
    dtype = DTYPES[message.datatype]
    if content is not None:
        return tensor_of_raw(dtype, message.shape, content)
    form = FORMS[dtype]
    entries = list(getattr(message.contents, form.field))
    array = _objects(entries) if dtype == STRING else np.array(entries, form.element)
    return Tensor(dtype, array.reshape(list(message.shape)))


def _wide(dtype: str, array: np.ndarray) -> np.ndarray:
    """Return halves, which are bits, as numbers."""
    if dtype == "bfloat16":
        return (array.astype("<u4") << 16).view("<f4")
    return array.view("<f2") if dtype == "float16" else array


def _objects(elements) -> np.ndarray:
    array = np.empty(len(elements), object)
    array[:] = list(elements)
    return array


def _elements(content: bytes):
    found = []
    while content:
        (size,) = struct.unpack_from("<I", content)
        assert len(content) >= 4 + size
        found.append(content[4 : 4 + size])
        content = content[4 + size :]
    return found


def _has_nan_payload(value: Tensor) -> bool:
    if value.dtype not in ("float32", "float64"):
        return False
    nans = value.array[np.isnan(value.array)]
    return nans.tobytes() != np.full(len(nans), np.nan, nans.dtype).tobytes()
