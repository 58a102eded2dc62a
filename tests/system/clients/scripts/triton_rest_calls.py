"""Calls the identity model and others with Triton's own HTTP client, as its examples do."""

import itertools
import json
import sys

import ml_dtypes
import numpy as np
import tritonclient.http as triton
from tritonclient.utils import InferenceServerException

INF, NAN = float("inf"), float("nan")
ARRAYS = {
    "bool": ("BOOL", [True, False]),
    "int8": ("INT8", [-128, 127]),
    "int16": ("INT16", [-(2**15), 2**15 - 1]),
    "int32": ("INT32", [-(2**31), 2**31 - 1]),
    "int64": ("INT64", [-(2**63), 2**63 - 1]),
    "uint8": ("UINT8", [0, 255]),
    "uint16": ("UINT16", [0, 2**16 - 1]),
    "uint64": ("UINT64", [0, 2**64 - 1]),
    "float16": ("FP16", [1.5, -0.0]),
    "float32": ("FP32", [-0.0, 0.1, 3.4e38, NAN]),
    "float64": ("FP64", [-0.0, 0.1, 1e300, NAN]),
    "string": ("BYTES", ["größer 雪".encode(), b"", b'"\\[']),
}
NO_JSON = ("float16",)  # this client writes no numbers of it into JSON
PACKED = (None, "gzip", "deflate")


def array_of(dtype, values):
    """Return the values as an array."""
    return np.array(values, np.object_ if dtype == "string" else dtype)


def cases():
    """Yield a dtype, its datatype, an array, and whether request and answer are in binary."""
    for dtype, (datatype, values) in ARRAYS.items():
        array = array_of(dtype, values)
        shapes = (array, array.reshape(-1, 1), array[:1].reshape(()), array[:0])
        for shaped, is_sent, is_answered in itertools.product(shapes, (1, 0), (1, 0, None)):
            if is_sent or dtype not in NO_JSON:
                yield dtype, datatype, shaped, bool(is_sent), is_answered


def called(client, dtype, datatype, array, forms, packed):
    """Return the answer to one call."""
    is_sent, is_answered = forms
    tensor = triton.InferInput("x", array.shape, datatype)
    tensor.set_data_from_numpy(array, binary_data=is_sent)
    outputs = [triton.InferRequestedOutput("y", binary_data=bool(is_answered))]
    return client.infer(
        "identity",
        [tensor],
        outputs=None if is_answered is None else outputs,
        request_id=f"id of {dtype}",
        parameters={"signature_name": f"identity_{dtype}", "unknown": 1},
        timeout=50_000_000,
        priority=1,
        request_compression_algorithm=packed,
        response_compression_algorithm=packed,
    )


def wrong(dtype, sent, result):
    """Return what is wrong with a result, or nothing."""
    received = result.as_numpy("y")
    if result.get_response()["id"] != f"id of {dtype}":
        return [[dtype, "id"]]
    if received.shape != sent.shape or received.dtype != sent.dtype:
        return [[dtype, str((received.dtype, received.shape))]]
    if dtype == "string":  # this client makes bytes of binary data and texts of JSON
        flat = [it if isinstance(it, bytes) else it.encode() for it in received.ravel()]
        same = flat == sent.ravel().tolist()
    else:
        same = received.tobytes() == sent.tobytes()
    return [] if same else [[dtype, str(received)]]


def refusals(client):
    """Return what is answered to requests that are refused, by what they are."""
    x = triton.InferInput("x", [1], "FP32")
    x.set_data_from_numpy(np.zeros(1, np.float32))
    named = {"signature_name": "identity_float32"}
    shared = triton.InferInput("x", [1], "FP32")
    shared.set_shared_memory("region", 4)
    infinite = triton.InferInput("x", [1], "FP32")
    infinite.set_data_from_numpy(np.array([INF], np.float32))
    in_json = [triton.InferRequestedOutput("y", binary_data=False)]
    classes = [triton.InferRequestedOutput("y", class_count=2)]
    calls = {
        "another model": lambda: client.infer("other", [x]),
        "another version": lambda: client.infer("identity", [x], model_version="9"),
        "classes": lambda: client.infer("identity", [x], outputs=classes, parameters=named),
        "shared memory": lambda: client.infer("identity", [shared], parameters=named),
        "a timeout": lambda: client.infer("identity", [x], parameters=named, timeout=1),
        "maps": lambda: client.infer("identity", [x], parameters={"signature_name": "nothing"}),
        "infinity": lambda: client.infer("identity", [infinite], outputs=in_json, parameters=named),
        "load": lambda: client.load_model("identity"),
    }
    return {name: _refusal(call) for name, call in calls.items()}


def _refusal(call):
    try:
        return ["OK", str(call())]
    except InferenceServerException as error:
        return [error.status(), error.message()]


def bfloat16(client):
    """Return what comes back of numbers that only binary data can have in this client."""
    sent = np.array([1.5, -2], ml_dtypes.bfloat16)
    tensor = triton.InferInput("x", sent.shape, "BF16")
    tensor.set_data_from_numpy(sent)
    result = client.infer("later", [tensor], parameters={"signature_name": "identity_bfloat16"})
    return [float(value) for value in result.as_numpy("y")]


def about_model(client, name):
    """Return what is told of the model, as this client reads it."""
    statistics = client.get_inference_statistics(name)["model_stats"][0]
    return {
        "live": client.is_server_live(),
        "ready": [client.is_server_ready(), client.is_model_ready(name)],
        "other": client.is_model_ready("other"),
        "server": client.get_server_metadata(),
        "config": client.get_model_config(name),
        "metadata": client.get_model_metadata(name),
        "index": client.get_model_repository_index(),
        "answered": int(statistics["inference_stats"]["success"]["count"]),
    }


def main():
    """Print the cases that did not come back, how many there were, and what was refused."""
    address, what = sys.argv[1:]
    with triton.InferenceServerClient(address) as client:
        if what == "later":
            print(json.dumps({"bfloat16": bfloat16(client)}))
            return
        found, count = [], 0
        for number, (dtype, datatype, array, *forms) in enumerate(cases()):
            count += 1
            packed = PACKED[number % len(PACKED)]
            found += wrong(dtype, array, called(client, dtype, datatype, array, forms, packed))
        results = {
            "wrong": found,
            "count": count,
            "refusals": refusals(client),
            **about_model(client, "identity"),
        }
    print(json.dumps(results))


main()
