"""Calls the identity model as MLServer's users do: its types and codecs, and any HTTP client."""

import json
import sys
import urllib.request

import numpy as np
from mlserver.codecs import NumpyCodec, StringCodec
from mlserver.types import InferenceRequest, InferenceResponse, MetadataModelResponse, Parameters

ARRAYS = {
    "int64": [-(2**63), 2**63 - 1],
    "uint8": [0, 255],
    "float32": [-0.0, 0.5],
    "float64": [1e300, float("nan")],
    "bool": [True, False],
}


def called(url, dtype, tensor):
    """Return the answer to a request, as MLServer reads it."""
    request = InferenceRequest(
        id="an id",
        parameters=Parameters(signature_name=f"identity_{dtype}"),
        inputs=[tensor],
    )
    body = request.model_dump_json().encode()
    with urllib.request.urlopen(f"{url}/v2/models/identity/infer", body) as answer:
        return InferenceResponse.model_validate_json(answer.read())


def main():
    """Print what did not come back, and what is told of the model."""
    url = sys.argv[1]
    found = []
    for dtype, values in ARRAYS.items():
        sent = np.array(values, dtype).reshape(-1, 1)
        response = called(url, dtype, NumpyCodec.encode_input("x", sent))
        received = NumpyCodec.decode_output(response.outputs[0])
        if received.tobytes() != sent.tobytes() or response.id != "an id":
            found.append([dtype, str(received)])
    response = called(url, "string", StringCodec.encode_input("x", ["größer", ""]))
    texts = StringCodec.decode_output(response.outputs[0])
    if texts != ["größer", ""]:
        found.append(["string", str(texts)])
    with urllib.request.urlopen(f"{url}/v2/models/identity") as answer:
        metadata = MetadataModelResponse.model_validate_json(answer.read())
    print(json.dumps({"wrong": found, "name": metadata.name, "inputs": len(metadata.inputs)}))


main()
