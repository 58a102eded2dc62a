"""Calls a model with KServe's own client of its first protocol, as its documents do."""

import asyncio
import json
import sys

from kserve import InferenceRESTClient, RESTConfig


async def failure(client, url, body, model):
    """Return what the client raises."""
    try:
        await client.infer(url, body, model_name=model)
    except Exception as error:  # noqa: BLE001  whatever it raises is shown
        return str(error)
    return ""


async def main(url, model):
    """Print what the client was answered."""
    client = InferenceRESTClient(RESTConfig(protocol="v1"))
    rows = {"instances": [1.0, 2.0, 5.0]}
    results = {
        "live": await client.is_server_live(url),
        "ready": await client.is_model_ready(url, model),
        "answered": await client.infer(url, rows, model_name=model),
        "refused": await failure(client, url, {"instances": ["a"]}, model),
        "not found": await failure(client, url, rows, "other"),
    }
    print(json.dumps(results))


asyncio.run(main(*sys.argv[1:]))
