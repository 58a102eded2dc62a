"""Describe each operation that HTTP has a route for, by the operation's key."""

from typing import Any, Callable, Dict, Mapping, NamedTuple, Optional

from serving_runtime import operations
from serving_runtime.operations import Operation
from serving_runtime.protocols.openapi import samples, tensors
from serving_runtime.protocols.openapi.schemas import Schema
from serving_runtime.signature import Contract, Signature

JSON = "application/json"
TEXT = "text"
_METRICS = ("text/plain", "application/openmetrics-text")
_TABLES = ("text/csv", "application/x-npy")
ERROR: Schema = {
    "type": "object",
    "properties": {"error": {"type": "string"}},
    "required": ["error"],
}
# The failures that any operation may have; what else there is, is said alike.
_FAILURES = {
    "400": "The request cannot be read, or is not what the model takes: the text has each problem.",
    "401": "A bearer token is needed (RUNTIME_TOKEN_FILE).",
    "404": "Another model or version, or no such path.",
    "413": "The request is larger than RUNTIME_MAX_MESSAGE_BYTES.",
    "429": "Too many calls wait; try again after the seconds in Retry-After.",
    "500": "The model failed.",
    "503": "The model is loading, or the service is shutting down.",
    "504": "The deadline has passed.",
    "default": "Any other failure.",
}


class Served(NamedTuple):
    """What is served: a contract, and the signature that a request without a name means, if any.

    ``predicted`` is that of ``:predict`` and of hosts' calls.
    """

    contract: Contract
    default: Optional[Signature]
    predicted: Optional[Signature]


class Page(NamedTuple):
    """How one operation is described: what it is for, and the schemas' names of its bodies.

    ``reply`` is empty where the reply has no schema of its own, and ``TEXT`` where it is no JSON;
    ``example`` makes a request.
    """

    tag: str
    summary: str
    request: str = ""
    reply: str = ""
    example: Optional[Callable[[Signature, bool], Any]] = None


_OIP, _TFS, _HEALTH, _HOSTS = (
    "Open Inference",
    "TensorFlow Serving and KServe V1",
    "health",
    "hosts",
)

PAGES: Mapping[str, Page] = {
    operations.REST_INFER.key: Page(
        _OIP, "Call the model on tensors", "InferRequest", "InferReply", samples.of_infer
    ),
    operations.REST_MODEL_METADATA.key: Page(_OIP, "What the model takes and gives"),
    operations.REST_MODEL_CONFIG.key: Page(_OIP, "The model, as load generators read it"),
    operations.REST_MODEL_STATISTICS.key: Page(_OIP, "What a worker has answered so far"),
    operations.REST_REPOSITORY_INDEX.key: Page(
        _OIP, "The models that are served: one", "Anything", "Index"
    ),
    operations.REST_PREDICT.key: Page(
        _TFS, "Call the model on rows or columns", "PredictRequest", "PredictReply",
        samples.of_predict,
    ),
    operations.REST_CLASSIFY.key: Page(
        _TFS, "Classify examples, where a signature does", "ExamplesRequest", "ResultsReply"
    ),
    operations.REST_REGRESS.key: Page(
        _TFS, "Give a number for each example, where a signature does", "ExamplesRequest",
        "ResultsReply",
    ),
    operations.REST_GET_MODEL_METADATA.key: Page(_TFS, "The signatures, as SignatureDefs"),
    operations.INVOCATIONS.key: Page(
        _HOSTS, "Call the model on a table: JSON, CSV or a NumPy file", "Invocation",
        "InvocationReply", samples.of_predict,
    ),
    operations.OPENAPI.key: Page("about", "This document"),
    operations.REST_SERVER_METADATA.key: Page(_OIP, "The server and its extensions"),
    operations.REST_MODELS.key: Page(_OIP, "The models that are served: one"),
    operations.REST_VERSIONS.key: Page(_OIP, "The versions of the model: one"),
    operations.REST_LIVE.key: Page(_HEALTH, "Liveness"),
    operations.REST_READY.key: Page(_HEALTH, "Readiness"),
    operations.REST_MODEL_READY.key: Page(_HEALTH, "Readiness of the model"),
    operations.V1_MODELS.key: Page(_TFS, "The models that are served: one"),
    operations.V1_MODEL.key: Page(_TFS, "The state of the model"),
    operations.LIVEZ.key: Page(_HEALTH, "Liveness"),
    operations.READYZ.key: Page(_HEALTH, "Readiness"),
    operations.HEALTHZ.key: Page(_HEALTH, "Readiness until the first SERVING, then liveness"),
    operations.METRICS.key: Page(_HEALTH, "What is counted, as Prometheus reads it", reply=TEXT),
    operations.PING.key: Page(_HEALTH, "Readiness, as hosts ask for it"),
    operations.ROOT.key: Page(_HEALTH, "Whether the server is alive"),
}  # fmt: skip


def described(row: Operation, method: str, served: Served) -> Dict[str, Any]:
    """Return what is said of an operation.

    Args:
        row: it has a page.
        method: of HTTP.
        served: whose signatures the examples are for.
    """
    page = PAGES[row.key]
    described: Dict[str, Any] = {
        "operationId": row.key.replace(".", "_"),
        "tags": [page.tag],
        "summary": page.summary,
        "responses": _responses(page, row.is_health),
    }
    if method == "POST":
        described["requestBody"] = {
            "required": row != operations.REST_REPOSITORY_INDEX,
            "content": {JSON: {"schema": _reference(page.request), **_examples(page, served)}},
        }
        if row == operations.INVOCATIONS:
            for kind in _TABLES:
                described["requestBody"]["content"][kind] = {"schema": {}}
    return described


def _responses(page: Page, is_health: bool) -> Dict[str, Any]:
    content = {JSON: {"schema": _reference(page.reply)}}
    if page.reply == TEXT:
        content = {kind: {"schema": {"type": "string"}} for kind in _METRICS}
    if page.tag == _HOSTS:
        content.update({kind: {"schema": {}} for kind in _TABLES})
    success = {"description": "OK", "content": content}
    if is_health:
        # Those who probe look at the status; there is a body beside it, or none.
        anything: Dict[str, Any] = {"*/*": {"schema": {}}}
        return {
            "200": {"description": "Yes.", "content": anything},
            "503": {"description": "No.", "content": anything},
            "default": {"$ref": "#/components/responses/default"},
        }
    failures = {status: {"$ref": f"#/components/responses/{_name(status)}"} for status in _FAILURES}
    return {"200": success, **failures}


def failures() -> Dict[str, Any]:
    """Return the answers that operations share."""
    error = {JSON: {"schema": _reference("Error")}}
    return {
        _name(status): {"description": text, "content": error} for status, text in _FAILURES.items()
    }


def _examples(page: Page, served: Served) -> Dict[str, Any]:
    if page.example is None:
        return {}
    default = served.default if page.example is samples.of_infer else served.predicted
    found = {}
    for signature in served.contract.signatures:
        if page.example is samples.of_infer and not tensors.is_carried(signature):
            continue
        value = page.example(signature, signature is default)
        if value is not None:
            found[signature.name] = {"value": value}
    return {"examples": found} if found else {}


def _reference(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"} if name else {"type": "object"}


def _name(status: str) -> str:
    return status if status == "default" else f"status_{status}"
