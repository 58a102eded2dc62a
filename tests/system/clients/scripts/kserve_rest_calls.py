"""Calls the identity model with KServe's own REST client, as its documents do."""

import asyncio
import json
import sys

import numpy as np
from kserve import InferenceRESTClient, InferInput, InferRequest, RESTConfig

ARRAYS = {
    "int64": ("INT64", [-(2**63), 2**63 - 1]),
    "uint8": ("UINT8", [0, 255]),
    "float32": ("FP32", [-0.0, 0.1]),
    "float64": ("FP64", [1e300, -1.5]),
    "bool": ("BOOL", [True, False]),
    "string": ("BYTES", ["größer".encode(), b"x"]),
}


async def called(client, url, dtype, datatype, array, is_binary):
    """Return what is wrong with an answer, or nothing."""
    tensor = InferInput("x", list(array.shape), datatype)
    tensor.set_data_from_numpy(array, binary_data=is_binary)
    request = InferRequest(
        "identity",
        [tensor],
        request_id="an id",
        parameters={"signature_name": f"identity_{dtype}"},
    )
    result = await client.infer(url, request, model_name="identity")
    received = result.outputs[0].as_numpy()
    same = received.shape == array.shape and (
        [it if isinstance(it, bytes) else it.encode() for it in received.ravel().tolist()]
        == array.ravel().tolist()
        if dtype == "string"
        else received.tobytes() == array.tobytes()
    )
    return [] if same and result.id == "an id" else [[dtype, is_binary, str(received)]]


async def refusal(client, url):
    """Return what is said of a request for another model."""
    tensor = InferInput("x", [1], "FP32", [1.0])
    try:
        await client.infer(url, InferRequest("other", [tensor]), model_name="other")
    except Exception as error:  # noqa: BLE001  whatever it raises is shown
        return str(error)
    return ""


async def main():
    """Print what did not come back, and what was told of the server."""
    url = sys.argv[1]
    client = InferenceRESTClient(RESTConfig(protocol="v2"))
    found = []
    for dtype, (datatype, values) in ARRAYS.items():
        array = np.array(values, object if dtype == "string" else dtype)
        for is_binary in (True, False):
            for shaped in (array, array.reshape(1, -1)):
                found += await called(client, url, dtype, datatype, shaped, is_binary)
    results = {
        "wrong": found,
        "live": await client.is_server_live(url),
        "ready": [
            await client.is_server_ready(url),
            await client.is_model_ready(url, "identity"),
        ],
        "refusal": await refusal(client, url),
    }
    print(json.dumps(results))


asyncio.run(main())
