"""Answer /openapi.json: the operations that HTTP has, and what this model takes and gives.

See: https://spec.openapis.org/oas/v3.1.0
"""

import json
from typing import Any, Dict, Mapping, Optional, Tuple
from urllib.parse import quote

import serving_runtime
from serving_runtime import operations, validation
from serving_runtime.errors import ServingError
from serving_runtime.ipc.attributes import CONTENT_TYPE
from serving_runtime.ipc.frames import Bytes
from serving_runtime.model_names import ModelNames
from serving_runtime.operations import HttpRoute, Operation
from serving_runtime.protocols.json import requests
from serving_runtime.protocols.openapi import paths, rows, signatures, tensors
from serving_runtime.protocols.openapi.paths import ERROR, JSON, PAGES, Served
from serving_runtime.protocols.protocol import ContractProtocol, Encoded
from serving_runtime.settings import Settings, default_model_dir
from serving_runtime.signature import STRING, Contract, Signature

_OBJECTS = {"type": "array", "items": {"type": "object"}}
_OF_EXAMPLES = (operations.REST_CLASSIFY, operations.REST_REGRESS)
_OF_TENSORS = (
    operations.REST_INFER,
    operations.REST_MODEL_METADATA,
    operations.REST_MODEL_CONFIG,
)


class Document(ContractProtocol):
    """The document of one model; the same each time it is asked for."""

    def __init__(self, contract: Contract, settings: Settings) -> None:
        super().__init__(contract, settings)
        self._answer: Optional[Encoded] = None

    @classmethod
    def alignment_offset(cls, length_bytes: int) -> int:
        """Return 0: there are no values in such a request."""
        return 0

    def word(self, error: ServingError) -> str:
        """Return an error's text."""
        return str(error)

    def answer(self, payload: Bytes, target: str, attributes: Mapping[str, str]) -> Encoded:
        """Return the document."""
        if self._answer is None:
            text = json.dumps(of_model(self._contract, self._settings), ensure_ascii=False)
            self._answer = text.encode("utf-8", "replace"), {CONTENT_TYPE: JSON}
        return self._answer


def of_model(contract: Contract, settings: Settings) -> Dict[str, Any]:
    """Return the document of a model."""
    names = ModelNames.of(contract, settings, settings.model_dir or default_model_dir())
    default = validation.by_requested_name(contract).get("")
    served = Served(contract, default, requests.signatures_of(contract).get(""))
    document: Dict[str, Any] = {
        "openapi": "3.1.0",
        "info": {
            "title": names.name,
            "version": names.version,
            "description": f"One model, served by serving-runtime {serving_runtime.__version__}.",
        },
        "paths": _paths(served, names, settings),
        "components": {"schemas": _schemas(served), "responses": paths.failures()},
        signatures.EXTENSION: signatures.described(contract, served.predicted, settings),
    }
    if settings.token_file:
        document["components"]["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
        document["security"] = [{"token": []}]
    return document


def _paths(served: Served, names: ModelNames, settings: Settings) -> Dict[str, Any]:
    found: Dict[str, Any] = {}
    left_out = _left_out(served.contract)
    for row in operations.ALL:
        route = _route(row, settings) if row.key in PAGES and row not in left_out else None
        if route is not None:
            path = route.path.replace("{model}", quote(names.name, safe=""))
            item = paths.described(row, route.method, served)
            if row.is_health and settings.open_health:
                item["security"] = []
            found.setdefault(path, {})[route.method.lower()] = item
    return found


def _route(row: Operation, settings: Settings) -> Optional[HttpRoute]:
    """Return the shortest way to ask for an operation; None if all are aliases that are off."""
    for route in row.http_routes:
        if not route.aliases or settings.http_aliases & {*route.aliases}:
            return route
    return None


def _left_out(contract: Contract) -> Tuple[Operation, ...]:
    """Return the operations that would refuse whatever is sent to this model."""
    left_out: Tuple[Operation, ...] = ()
    if not any(map(_takes_examples, contract.signatures)):
        left_out += _OF_EXAMPLES
    if not any(map(tensors.is_carried, contract.signatures)):
        left_out += _OF_TENSORS
    return left_out


def _takes_examples(signature: Signature) -> bool:
    """Whether a signature may be one that classifies examples, or gives a number for each."""
    return [(field.name, field.dtype) for field in signature.inputs] == [("inputs", STRING)]


def _schemas(served: Served) -> Dict[str, Any]:
    infer = {}
    if any(map(tensors.is_carried, served.contract.signatures)):
        infer["InferRequest"] = tensors.requests(served.contract, served.default)
        infer["InferReply"] = tensors.replies(served.contract)
    return {
        **infer,
        "Error": ERROR,
        "Anything": {"type": "object"},
        "Index": _OBJECTS,
        "PredictRequest": rows.requests(served.contract, served.predicted),
        "PredictReply": rows.replies(served.contract),
        "Invocation": rows.invocations(served.contract, served.predicted),
        "InvocationReply": rows.invocation_replies(served.contract),
        "ExamplesRequest": {
            "type": "object",
            "properties": {
                "signature_name": {"enum": list(served.contract.names)},
                "context": {"type": "object"},
                "examples": {"minItems": 1, **_OBJECTS},
            },
            "required": ["examples"],
        },
        "ResultsReply": {
            "type": "object",
            "properties": {"results": {"type": "array"}},
            "required": ["results"],
        },
    }
