"""Open Inference's REST: tensors in JSON, and in the binary data after it.

What else this wire allows (names, ids, parameters, metadata) is no other's, and is tested in
``common/tests/protocols/open_inference/test_rest.py``.
"""

import json
import math
from typing import Any, Dict, List, Mapping, Tuple

import numpy as np

from serving_runtime import operations
from serving_runtime.ipc.attributes import CONTENT_TYPE, HEADER_LENGTH
from serving_runtime.signature import STRING, Tensor, Value
from tests.support.cases import EXHAUSTED, INTERNAL, OK, OUT_OF_RANGE, Case, Outcome
from tests.support.services import Answer, Call
from tests.support.wire import Wire
from tests.support.wires import open_inference_protobuf as protobuf
from tests.support.wires.open_inference_protobuf import DTYPES, FORMS
from tests.support.wires.tensorflow_serving import wrong_in

ID = 'größer "1"'
INFER = operations.REST_INFER


class OpenInferenceRest(Wire):
    """An inference request, with the values of its inputs in one form.

    Args:
        is_binary: after the JSON; else in it.
    """

    def __init__(self, is_binary: bool) -> None:
        self.name = "open_inference-" + ("binary" if is_binary else "json")
        self._is_binary = is_binary

    def write(self, case: Case) -> Call:
        """Return a case's request."""
        more: Dict[str, Any] = {"id": ID, "parameters": {}}
        if case.signature:
            more["parameters"]["signature_name"] = case.signature
        if case.asked:
            more["outputs"] = [{"name": name} for name in case.asked]
        return request(case.inputs, self._is_binary, more)

    def read(self, answer: Answer) -> Outcome:
        """Return what an answer says; its values must be in the form that was asked for."""
        if answer.status != OK:
            wrong = wrong_in(answer.details, protobuf.CALLS)
            return Outcome({}, answer.status, wrong, answer.details)
        outputs = outputs_of(answer)
        head, _ = divided(answer)
        # Written again it is the same, so nothing else was in it.
        expected = self.reply(outputs, head["model_name"], head["model_version"])
        assert divided(answer) == divided(expected)
        return Outcome(outputs)

    def reply(self, outputs: Mapping[str, Value], name="model", version="1") -> Answer:
        """Return the answer to a request of this wire."""
        parts = [described(*item, self._is_binary) for item in outputs.items()]
        head = {
            "model_name": name,
            "model_version": version,
            "id": ID,
            "outputs": [head for head, _ in parts],
        }
        binary = b"".join(content for _, content in parts)
        payload, attributes = joined(head, binary)
        if binary:
            attributes[CONTENT_TYPE] = "application/octet-stream"
        return Answer(OK, "", payload, attributes)

    def transported(self, outcome: Outcome) -> Outcome:
        """Return what HTTP says: all that is the model's fault is 500, and too large a reply."""
        is_too_large = outcome.status == EXHAUSTED and "RUNTIME_MAX_MESSAGE_BYTES" in outcome.text
        is_fault = outcome.status == OUT_OF_RANGE or is_too_large
        return outcome._replace(status=INTERNAL) if is_fault else outcome

    def gap(self, case: Case) -> str:
        """Return why this form cannot carry a case, or nothing if it can."""
        values = [*case.inputs.values(), *case.outcome.outputs.values()]
        if protobuf.RAW.gap(case) and case.inputs:
            return protobuf.RAW.gap(case)
        if self._is_binary:
            return "" if case.inputs else "without any input it is as in JSON"
        if any(map(_is_no_text, values)):
            return "JSON's texts are UTF-8"
        if any(map(_has_infinity, case.outcome.outputs.values())):
            return "JSON has no infinities"
        return "JSON's one NaN has no sign and no payload" if any(map(_has_odd_nan, values)) else ""


JSON = OpenInferenceRest(is_binary=False)
BINARY = OpenInferenceRest(is_binary=True)
WIRES = (JSON, BINARY)


def request(inputs: Mapping[str, Tensor], is_binary: bool, more: Mapping[str, Any] = {}) -> Call:
    """Return a request with these inputs; ``more`` is what else is in its JSON."""
    parts = [described(*item, is_binary) for item in inputs.items()]
    head = {**more, "inputs": [head for head, _ in parts]}
    if is_binary:
        head["parameters"] = {**head.get("parameters", {}), "binary_data_output": True}
    payload, attributes = joined(head, b"".join(content for _, content in parts), is_binary)
    return Call(INFER, payload, attributes=attributes)


def joined(head: Any, binary: bytes, is_binary: bool = False) -> Tuple[bytes, Dict[str, str]]:
    """Return a body and the attributes that go with it."""
    text = json.dumps(head, separators=(",", ":")).encode()
    has_length = is_binary or bool(binary)
    return text + binary, {HEADER_LENGTH: str(len(text))} if has_length else {}


def divided(answer: Answer) -> Tuple[Any, bytes]:
    """Return the JSON of an answer and the binary data after it."""
    length = answer.attributes.get(HEADER_LENGTH)
    kind = "json" if length is None else "octet-stream"
    assert answer.attributes.get(CONTENT_TYPE, "application/json") == f"application/{kind}"
    at = len(answer.payload) if length is None else int(length)
    return json.loads(answer.payload[:at].decode()), answer.payload[at:]


def described(name: str, tensor: Tensor, is_binary: bool) -> Tuple[Dict[str, Any], bytes]:
    """Return a tensor's JSON, and its binary data; where there is none, it has its values."""
    array = tensor.array
    head = {"name": name, "datatype": FORMS[tensor.dtype].datatype, "shape": list(array.shape)}
    if is_binary and array.size:
        content = protobuf.raw(tensor)
        return {**head, "parameters": {"binary_data_size": len(content)}}, content
    return {**head, "data": data_of(tensor)}, b""


def data_of(tensor: Tensor) -> List[Any]:
    """Return a tensor's values in a flat list, as JSON has them."""
    values = tensor.array.ravel().tolist()
    if tensor.dtype == STRING:
        return [value.decode() for value in values]
    if tensor.dtype in ("float16", "float32", "bfloat16"):  # by their shortest texts
        values = [float(str(np.float32(value))) for value in values]
    return [None if isinstance(value, float) and math.isnan(value) else value for value in values]


def outputs_of(answer: Answer) -> Mapping[str, Tensor]:
    """Return the tensors of an answer."""
    head, binary = divided(answer)
    found = {}
    for item in head["outputs"]:
        size = item.get("parameters", {}).get("binary_data_size")
        content = None if size is None else binary[:size]
        binary = binary[size or 0 :]
        found[item["name"]] = _read(item, content)
    assert not binary
    return found


def _read(item, content) -> Tensor:
    dtype = DTYPES[item["datatype"]]
    if content is not None:
        return protobuf.tensor_of_raw(dtype, item["shape"], content)
    values = item["data"]
    if dtype == STRING:
        array = np.empty(len(values), object)
        array[:] = [value.encode() for value in values]
    else:
        kind = {"float16": "<f2", "bfloat16": "<f4"}.get(dtype, FORMS[dtype].element)
        array = np.array(values, kind)
    return Tensor(dtype, array.reshape(item["shape"]))


def _floats(value: Value) -> np.ndarray:
    is_float = isinstance(value, Tensor) and value.array.dtype.kind == "f"
    return value.array if is_float else np.empty(0)


def _has_infinity(value: Value) -> bool:
    return bool(np.isinf(_floats(value)).any())


def _has_odd_nan(value: Value) -> bool:
    floats = _floats(value)
    nans = floats[np.isnan(floats)]
    return nans.tobytes() != np.full(len(nans), np.nan, nans.dtype).tobytes()


def _is_no_text(value: Value) -> bool:
    if not isinstance(value, Tensor) or value.dtype != STRING:
        return False
    try:
        return not all(element.decode("utf-8") or True for element in value.array.ravel())
    except UnicodeDecodeError:
        return True
