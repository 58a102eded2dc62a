"""Calls the identity model and others with Triton's own client, as its examples do."""

import asyncio
import json
import sys

import ml_dtypes
import numpy as np
import tritonclient.grpc as triton
import tritonclient.grpc.aio as triton_aio
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
    "float16": ("FP16", [1.5, -INF]),
    "float32": ("FP32", [-0.0, INF, NAN]),
    "float64": ("FP64", [-0.0, 1e300, NAN]),
    "string": ("BYTES", [b"a\0\0", "größer 雪".encode(), b""]),
}


def array_of(dtype, values):
    """Return the values as an array."""
    return np.array(values, np.object_ if dtype == "string" else dtype)


def cases():
    """Yield a dtype, its datatype, an array and what the array is."""
    for dtype, (datatype, values) in ARRAYS.items():
        array = array_of(dtype, values)
        yield dtype, datatype, "list", array
        yield dtype, datatype, "matrix", array.reshape(-1, 1)
        yield dtype, datatype, "scalar", array[:1].reshape(())
        yield dtype, datatype, "empty", array[:0]


def request_of(dtype, datatype, array):
    """Return the keyword arguments of an inference."""
    tensor = triton.InferInput("x", array.shape, datatype)
    tensor.set_data_from_numpy(array)
    return {
        "model_name": "identity",
        "inputs": [tensor],
        "outputs": [triton.InferRequestedOutput("y")],
        "request_id": f"id of {dtype}",
        "parameters": {"signature_name": f"identity_{dtype}", "unknown": 1},
        "timeout": 50_000_000,
        "priority": 1,
    }


def wrong(dtype, form, sent, result):
    """Return what is wrong with a result, or nothing."""
    received = result.as_numpy("y")
    if result.get_response().id != f"id of {dtype}":
        return [[dtype, form, "id"]]
    if form == "empty" and received.size == 0:  # this client makes each of them float64
        return []
    if received.shape != sent.shape or received.dtype != sent.dtype:
        return [[dtype, form, str((received.dtype, received.shape))]]
    same = (
        received.tolist() == sent.tolist()
        if dtype == "string"
        else (received.tobytes() == sent.tobytes())
    )
    return [] if same else [[dtype, form, str(received)]]


def refusals(client):
    """Return what is answered to requests that are refused, by what they are."""
    x = triton.InferInput("x", [1], "FP32")
    x.set_data_from_numpy(np.zeros(1, np.float32))
    named = {"signature_name": "identity_float32"}
    shared = triton.InferInput("x", [1], "FP32")
    shared.set_shared_memory("region", 4)
    calls = {
        "another model": lambda: client.infer("other", [x]),
        "another version": lambda: client.infer("identity", [x], model_version="9"),
        "classes": lambda: client.infer(
            "identity",
            [x],
            outputs=[triton.InferRequestedOutput("y", class_count=2)],
            parameters=named,
        ),
        "shared memory": lambda: client.infer("identity", [shared], parameters=named),
        "a timeout": lambda: client.infer("identity", [x], parameters=named, timeout=1),
        "maps": lambda: client.infer("identity", [x], parameters={"signature_name": "nothing"}),
        "load": lambda: client.load_model("identity"),
        "regions": client.get_system_shared_memory_status,
        "trace": client.get_trace_settings,
        "log": client.get_log_settings,
    }
    return {name: _refusal(call) for name, call in calls.items()}


def _refusal(call):
    try:
        return ["OK", str(call())]
    except InferenceServerException as error:
        return [error.status(), error.message()]


async def called_by_asyncio(address):
    """Return what is wrong with the same cases, sent all at once."""
    async with triton_aio.InferenceServerClient(address) as client:
        sent = list(cases())
        results = await asyncio.gather(
            *(
                client.infer(**request_of(dtype, datatype, array))
                for dtype, datatype, _, array in sent
            )
        )
    found = []
    for (dtype, _, form, array), result in zip(sent, results):
        found += wrong(dtype, form, array, result)
    return found


def bfloat16(client):
    """Return what comes back of numbers that only raw contents can have."""
    sent = np.array([1.5, -2], ml_dtypes.bfloat16)
    tensor = triton.InferInput("x", sent.shape, "BF16")
    tensor.set_data_from_numpy(sent)
    result = client.infer("", [tensor], parameters={"signature_name": "identity_bfloat16"})
    return [float(value) for value in result.as_numpy("y")]


def about_model(client, name):
    """Return what is told of the model, as this client reads it."""
    config = client.get_model_config(name, as_json=True)["config"]
    metadata = client.get_model_metadata(name, as_json=True)
    index = client.get_model_repository_index(as_json=True)
    statistics = client.get_inference_statistics(name, as_json=True)["model_stats"][0]
    return {
        "config": config["name"],
        "metadata": metadata,
        "index": index,
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
        for dtype, datatype, form, array in cases():
            count += 1
            found += wrong(dtype, form, array, client.infer(**request_of(dtype, datatype, array)))
        results = {
            "wrong": found,
            "count": count,
            "wrong by asyncio": asyncio.run(called_by_asyncio(address)),
            "refusals": refusals(client),
            **about_model(client, "identity"),
        }
    print(json.dumps(results))


main()
