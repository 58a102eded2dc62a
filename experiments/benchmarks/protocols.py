"""Encode a case's request, and decode the answer, in each of the schemas that peers speak."""

import http.client
import json
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from experiments.benchmarks import wire
from experiments.benchmarks.cases import INPUT, OUTPUT, RAW, Case

GRPC, HTTP = "grpc", "http"
Headers = Mapping[str, str]
# What the models' one signature is called where a protocol has signatures.
SIGNATURE = "predict"
CALL_SECONDS = 60
# DT_FLOAT and friends: number, NumPy's name, and the typed field that holds the values.
TENSOR_FIELDS = {1: ("<f4", 5), 2: ("<f8", 6), 3: ("<i4", 7), 9: ("<i8", 10)}
# Datatypes of the Open Inference Protocol, and the field of InferTensorContents for each.
INFERENCE_FIELDS = {
    "FP32": ("<f4", 6),
    "FP64": ("<f8", 7),
    "INT32": ("<i4", 2),
    "INT64": ("<i8", 3),
}
VARINT_DTYPES = ("<i4", "<i8")


def json_headers(case: Case) -> Headers:
    """Return the headers of a request in JSON."""
    return {"Content-Type": "application/json"}


class Protocol(NamedTuple):
    """How requests are written and answers are read.

    Args:
        kind: GRPC or HTTP, which says which generator makes the load.
        path: what is called: the method's full name, or the path of the URL. `{model}` is filled
            in where the model is part of it.
        encode: returns the request of a case.
        decode: returns the output of an answer; may raise ValueError for what is no answer.
        headers: returns those of a case's requests over HTTP.
    """

    kind: str
    path: str
    encode: Callable[[Case], bytes]
    decode: Callable[[bytes], np.ndarray]
    headers: Callable[[Case], Headers] = json_headers


def ask(kind: str, port: int, path: str, request: bytes, headers: Headers) -> bytes:
    """Send one request to this machine and return the answer as it came.

    Raises:
        ValueError: an answer over HTTP is a failure.
        grpc.RpcError, OSError, http.client.HTTPException: there was no answer.
    """
    if kind == GRPC:
        return _ask_grpc(port, path, request)
    return _ask_http(port, path, request, headers)


def _ask_grpc(port: int, method: str, request: bytes) -> bytes:
    import grpc

    options = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1),
               ("grpc.enable_http_proxy", 0)]  # fmt: skip
    with grpc.insecure_channel(f"127.0.0.1:{port}", options=options) as channel:
        return bytes(channel.unary_unary(method, None, None)(request, timeout=CALL_SECONDS))


def _ask_http(port: int, path: str, request: bytes, headers: Headers) -> bytes:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=CALL_SECONDS)
    try:
        connection.request("POST", path, request, dict(headers))
        response = connection.getresponse()
        body = response.read()
    finally:
        connection.close()
    if response.status != http.client.OK:
        raise ValueError(f"HTTP {response.status}: {body[:200]!r}")
    return body


def predict_request(case: Case) -> bytes:
    """Write tensorflow.serving.PredictRequest."""
    x = case.make()
    entry = wire.field(1, INPUT) + wire.field(2, tensor_proto(x, as_content=case.encoding == RAW))
    return wire.field(1, wire.field(3, SIGNATURE)) + wire.field(2, entry)


def predict_response(y: np.ndarray, as_content: bool) -> bytes:
    """Write tensorflow.serving.PredictResponse: what echoes answer, whatever they are asked."""
    return wire.field(1, wire.field(1, OUTPUT) + wire.field(2, tensor_proto(y, as_content)))


def tensor_proto(array: np.ndarray, as_content: bool) -> bytes:
    """Write a TensorProto of float32, float64, int32 or int64."""
    number, (dtype, field) = next(
        (number, it) for number, it in TENSOR_FIELDS.items() if np.dtype(it[0]) == array.dtype
    )
    dims = b"".join(wire.field(2, _dim(size)) for size in array.shape)
    values = array.astype(dtype).tobytes()
    if as_content:
        return wire.field(1, number) + wire.field(2, dims) + wire.field(4, values)
    if dtype in VARINT_DTYPES:
        values = b"".join(map(wire.varint, array.ravel().tolist()))
    return wire.field(1, number) + wire.field(2, dims) + wire.field(field, values)


def _dim(size: int) -> bytes:
    return wire.field(1, size) if size else b""


def read_predict_response(reply: bytes) -> np.ndarray:
    """Read the output named OUTPUT, or the only one.

    Raises:
        ValueError: there is none, or these bytes are no such message.
    """
    entries = [dict(wire.fields(entry)) for number, entry in wire.fields(reply) if number == 1]
    named = [it[2] for it in entries if it.get(1) == OUTPUT.encode()]
    named = named or [it[2] for it in entries if 2 in it]
    if not named:
        raise ValueError(f"no output in an answer of {len(reply)} bytes")
    return _read_tensor(named[0])


def _read_tensor(tensor: bytes) -> np.ndarray:
    parts: dict[int, list[Any]] = {}
    for number, content in wire.fields(tensor):
        parts.setdefault(number, []).append(content)
    dtype, field = TENSOR_FIELDS[parts.get(1, [0])[0]]
    if 4 in parts:
        return np.frombuffer(parts[4][-1], dtype)
    return _values(parts.get(field, []), dtype)


def _values(contents: list[Any], dtype: str) -> np.ndarray:
    """Join the values of a repeated field: packed or one by one."""
    if dtype in VARINT_DTYPES:
        found = [it for part in contents for it in (
            wire.integers_in(part) if isinstance(part, bytes) else [part])]  # fmt: skip
        return np.array(found, dtype)
    return np.frombuffer(b"".join(contents), dtype)


def infer_request(case: Case) -> bytes:
    """Write inference.ModelInferRequest of the Open Inference Protocol, version 2."""
    x = case.make()
    tensor = wire.field(1, INPUT) + wire.field(2, "FP32") + wire.packed(3, list(x.shape))
    values = x.astype("<f4").tobytes()
    if case.encoding == RAW:
        return wire.field(1, case.model) + wire.field(5, tensor) + wire.field(7, values)
    tensor += wire.field(5, wire.field(6, values))
    return wire.field(1, case.model) + wire.field(5, tensor)


def read_infer_response(reply: bytes) -> np.ndarray:
    """Read the first output of inference.ModelInferResponse.

    Raises:
        ValueError: there is none, or these bytes are no such message.
    """
    found = list(wire.fields(reply))
    tensors = [content for number, content in found if number == 5]
    raw = [content for number, content in found if number == 6]
    if not tensors:
        raise ValueError(f"no output in an answer of {len(reply)} bytes")
    tensor = dict(wire.fields(tensors[0]))
    dtype, field = INFERENCE_FIELDS[tensor[2].decode()]
    if raw:
        return np.frombuffer(raw[0], dtype)
    contents = [content for number, content in wire.fields(tensor.get(5, b"")) if number == field]
    return _values(contents, dtype)


def json_inference(case: Case) -> bytes:
    """Write a request of the Open Inference Protocol over REST."""
    x = case.make()
    tensor = {"name": INPUT, "datatype": "FP32", "shape": x.shape, "data": x.ravel().tolist()}
    return json.dumps({"id": "1", "inputs": [tensor]}).encode()


def rest_inference(case: Case) -> bytes:
    """Write the same, with raw values as the extension for binary data has them."""
    if case.encoding != RAW:
        return json_inference(case)
    return _binary_head(case) + case.make().astype("<f4").tobytes()


def rest_headers(case: Case) -> Headers:
    """Return the headers of that."""
    if case.encoding != RAW:
        return json_headers(case)
    length = str(len(_binary_head(case)))
    return {"Content-Type": "application/octet-stream", "Inference-Header-Content-Length": length}


def _binary_head(case: Case) -> bytes:
    x = case.make()
    tensor = {"name": INPUT, "datatype": "FP32", "shape": x.shape,
              "parameters": {"binary_data_size": x.nbytes}}  # fmt: skip
    return json.dumps({"inputs": [tensor]}).encode()


def read_json_inference(reply: bytes) -> np.ndarray:
    """Read the first output of an Open Inference Protocol answer over REST."""
    return np.array(_json(reply, "outputs")[0]["data"])


def json_rows(case: Case) -> bytes:
    """Write `{"x": [[...]]}`, which our peers' own services over REST take."""
    return json.dumps({INPUT: case.make().tolist()}).encode()


def read_json_rows(reply: bytes) -> np.ndarray:
    """Read `{"y": [...]}`."""
    return np.array(_json(reply, OUTPUT))


def _json(reply: bytes, key: str) -> Any:
    told = json.loads(reply)
    if not isinstance(told, dict) or key not in told:
        raise ValueError(f'no "{key}" in the answer {reply[:200]!r}')
    return told[key]


PREDICT = Protocol(GRPC, "/tensorflow.serving.PredictionService/Predict",
                   predict_request, read_predict_response)  # fmt: skip
INFERENCE = Protocol(GRPC, "/inference.GRPCInferenceService/ModelInfer",
                     infer_request, read_infer_response)  # fmt: skip
JSON_INFERENCE = Protocol(HTTP, "/v2/models/{model}/infer", json_inference, read_json_inference)
REST_INFERENCE = JSON_INFERENCE._replace(encode=rest_inference, headers=rest_headers)
