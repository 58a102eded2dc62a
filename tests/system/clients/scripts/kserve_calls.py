"""Calls the identity model with KServe's own gRPC client, by raw contents and by typed ones."""

import asyncio
import json
import sys

import grpc
import numpy as np
from kserve import InferenceGRPCClient, InferInput, InferRequest

ARRAYS = {
    "bool": ("BOOL", [True, False]),
    "int8": ("INT8", [-128, 127]),
    "int32": ("INT32", [-(2**31), 2**31 - 1]),
    "int64": ("INT64", [-(2**63), 2**63 - 1]),
    "uint16": ("UINT16", [0, 2**16 - 1]),
    "float32": ("FP32", [-0.0, float("inf"), float("nan")]),
    "float64": ("FP64", [-0.0, 1e300]),
    "string": ("BYTES", ["größer 雪".encode(), b"a\0b"]),
}
TYPED = {"int32": [1, -2], "int64": [2**62], "float32": [0.5, -1.5], "float64": [0.1]}


def request_of(dtype, array, as_raw):
    """Return a request for the identity of a dtype."""
    datatype = ARRAYS[dtype][0]
    if as_raw:
        tensor = InferInput("x", list(array.shape), datatype)
        tensor.set_data_from_numpy(array, binary_data=True)
    else:
        tensor = InferInput("x", list(array.shape), datatype, data=array.tolist())
    parameters = {"signature_name": f"identity_{dtype}"}
    return InferRequest("identity", [tensor], f"id of {dtype}", parameters=parameters)


async def wrong(client, dtype, values, as_raw):
    """Return what does not come back as it was sent."""
    sent = np.array(values, np.object_ if dtype == "string" else dtype)
    response = await client.infer(request_of(dtype, sent, as_raw))
    if response.id != f"id of {dtype}":
        return [[dtype, as_raw, "id"]]
    received = response.outputs[0].as_numpy()
    same = (
        received.tolist() == sent.tolist()
        if dtype == "string"
        else (received.dtype, received.tobytes()) == (sent.dtype, sent.tobytes())
    )
    return [] if same else [[dtype, as_raw, str(received)]]


async def refusal(call):
    """Return the status and the words of a call that fails."""
    try:
        return ["OK", str(await call)]
    except grpc.RpcError as error:
        return [error.code().name, error.details()]


async def main():
    """Print what is wrong, whether all is ready, and how others are refused."""
    async with InferenceGRPCClient(sys.argv[1]) as client:
        found = []
        for dtype, (_, values) in ARRAYS.items():
            found += await wrong(client, dtype, values, as_raw=True)
        for dtype, values in TYPED.items():
            found += await wrong(client, dtype, values, as_raw=False)
        other = InferRequest("other", [InferInput("x", [1], "FP32", data=[1.0])])
        results = {
            "wrong": found,
            "ready": [
                await client.is_server_live(),
                await client.is_server_ready(),
                await client.is_model_ready("identity"),
            ],
            "another model": await refusal(client.infer(other)),
        }
    print(json.dumps(results))


asyncio.run(main())
