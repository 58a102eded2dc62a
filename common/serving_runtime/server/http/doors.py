"""Answer what needs neither a worker nor the contract: health, the server, the model's state.

The bodies please all clients at once: those that look at the status alone, those that read a field,
and those that show ``error``.
"""

import json
from typing import Any, Callable, Dict, Mapping, Optional

import serving_runtime
from serving_runtime import operations
from serving_runtime.errors import NotAvailable, ServingError, Status
from serving_runtime.ipc.attributes import MODEL_VERSION
from serving_runtime.model_names import ModelNames
from serving_runtime.operations import Operation
from serving_runtime.server.about import ERRORS, EXTENSIONS, SERVER_NAME, STATES
from serving_runtime.server.health import Health, Question
from serving_runtime.server.transport import Reply, Request

HTTP_EXTENSIONS = ("binary_tensor_data", *EXTENSIONS)
Answer = Callable[[Request], Reply]


class Doors:
    """The front's own operations.

    Args:
        health: the state of the service.
    """

    def __init__(self, health: Health) -> None:
        self._health = health

    def answers(self) -> Dict[Operation, Answer]:
        """Return what answers each of them."""
        return {
            operations.LIVEZ: self._door(Question.LIVENESS, "live"),
            operations.READYZ: self._door(Question.READINESS, "ready"),
            operations.HEALTHZ: self._door(Question.CONTAINER, "healthy"),
            operations.PING: self._door(Question.READINESS, "ready"),
            operations.ROOT: self._root,
            operations.REST_LIVE: self._door(Question.LIVENESS, "live"),
            operations.REST_READY: self._door(Question.READINESS, "ready"),
            operations.REST_MODEL_READY: self._model_ready,
            operations.REST_SERVER_METADATA: self._server_metadata,
            operations.REST_MODELS: self._models,
            operations.REST_VERSIONS: self._versions,
            operations.V1_MODELS: self._models,
            operations.V1_MODEL: self._model,
        }

    def model_name(self) -> str:
        """Return what the model is called; empty before that is known."""
        names = self._health.model_names
        return names.name if names else ""

    def _door(self, question: Question, field: str) -> Answer:
        """Return what answers a probe: its field says yes or no, and so does the status."""

        def answer(request: Request) -> Reply:
            is_so = self._health.answer(question)
            return self._reply({field: is_so}, is_so)

        return answer

    def _root(self, request: Request) -> Reply:
        """Answer balancers, and KServe's clients: whether the service is alive."""
        is_alive = self._health.answer(Question.LIVENESS)
        return self._reply({"status": "alive" if is_alive else "lost"}, is_alive)

    def _server_metadata(self, request: Request) -> Reply:
        version, extensions = serving_runtime.__version__, list(HTTP_EXTENSIONS)
        return _ok({"name": SERVER_NAME, "version": version, "extensions": extensions})

    def _models(self, request: Request) -> Reply:
        name = self.model_name()
        return _ok({"models": [name] if name else []})

    def _versions(self, request: Request) -> Reply:
        names = self._health.model_names
        if names is None:
            return _failed(NotAvailable(self._health.why_not_ready))
        refusal = _refusal(names, request)
        return refusal or _ok({"name": names.name, "versions": [names.version]})

    def _model_ready(self, request: Request) -> Reply:
        """Answer for the one model; which names it has is not known before it has loaded."""
        names = self._health.model_names
        refusal = _refusal(names, request) if names else None
        name = names.name if names else request.target
        is_ready = self._health.is_serving
        return refusal or self._reply({"name": name, "ready": is_ready}, is_ready)

    def _model(self, request: Request) -> Reply:
        """Answer in KServe's form and in TensorFlow Serving's, which one object can be both."""
        names, phase = self._health.model_names, self._health.phase
        refusal = _refusal(names, request) if names else None
        code, message = ("UNAVAILABLE", str(phase.value)) if phase in ERRORS else ("OK", "")
        status = {
            "version": names.version if names else "1",
            "state": STATES[phase],
            "status": {"error_code": code, "error_message": message},
        }
        name = names.name if names else request.target
        body = {"name": name, "ready": self._health.is_serving, "model_version_status": [status]}
        return refusal or _ok(body)

    def _reply(self, body: Mapping[str, Any], is_well: bool) -> Reply:
        if is_well:
            return _ok(body)
        why = self._health.why_not_ready
        return Reply(Status.UNAVAILABLE, why, _json({**body, "error": why}), NotAvailable.reason)


def _refusal(names: ModelNames, request: Request) -> Optional[Reply]:
    """Return the reply to a request for another model; None for one that is here."""
    try:
        names.check(request.target, request.attributes.get(MODEL_VERSION, ""))
    except ServingError as error:
        return _failed(error)
    return None


def _ok(body: Mapping[str, Any]) -> Reply:
    return Reply(Status.OK, "", _json(body))


def _failed(error: ServingError) -> Reply:
    return Reply(error.status, str(error), b"", error.reason)


def _json(body: Mapping[str, Any]) -> bytes:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
