"""Ask a running service what it takes and returns, as clients of Open Inference do."""

import json
from typing import Any, Dict, List, Mapping, Tuple

from serving_runtime.client.failures import CallFailed
from serving_runtime.client.rest import RestClient
from serving_runtime.errors import StartError
from serving_runtime.signature import FREE, MISSING_SUFFIX, Contract, Field, Signature

_OTHER = "signature."


def contract(client: RestClient, deadline_seconds: float) -> Contract:
    """Return the contract that a service publishes; another's than ours has one signature.

    Raises:
        StartError: it does not answer, or publishes too little to make a request of.
    """
    try:
        path = client.model_path(deadline_seconds)
        answer = client.ask("GET", path, b"", {}, deadline_seconds)
        told = json.loads(answer.body.decode("utf-8"))
        properties: Mapping[str, str] = told.get("properties") or {}
        found = {str(properties.get("signature_name", "")): told}
        for key, text in properties.items():
            if key.startswith(_OTHER):
                found[key[len(_OTHER) :]] = json.loads(text)
        signatures = tuple(_signature(name, fields) for name, fields in sorted(found.items()))
        return Contract(str(told.get("name", "")), signatures)
    except CallFailed as failed:
        raise StartError(
            f"{client.address}: {failed.status}: {failed.details}", failed.hint
        ) from None
    except (ValueError, KeyError, TypeError, AttributeError) as problem:
        raise StartError(
            f"{client.address}: the model's metadata cannot be read ({problem!r})",
            "give its contract with --contract MODEL_DIR",
        ) from None


def _signature(name: str, told: Mapping[str, Any]) -> Signature:
    inputs, outputs = _fields(told["inputs"]), _fields(told["outputs"])
    masks = {field.name + MISSING_SUFFIX for field in inputs}
    return Signature(name, tuple(it for it in inputs if it.name not in masks), outputs)


def _fields(told: List[Dict[str, Any]]) -> Tuple[Field, ...]:
    from serving_runtime.protocols.open_inference.datatypes import DATATYPES

    return tuple(
        Field(
            str(item["name"]),
            # What has no datatype has our name: a signature with it is listed and cannot be called.
            DATATYPES[item["datatype"]].dtype
            if item["datatype"] in DATATYPES
            else str(item["datatype"]).lower(),
            tuple(max(FREE, int(size)) for size in item["shape"]),
        )
        for item in told
    )
