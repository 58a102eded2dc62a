"""One request and what must come back, whatever serves the model."""

from typing import Any, Mapping, NamedTuple

PREDICT = "/tensorflow.serving.PredictionService/Predict"

OK = "OK"
INVALID = "INVALID_ARGUMENT"
EXHAUSTED = "RESOURCE_EXHAUSTED"
OUT_OF_RANGE = "OUT_OF_RANGE"
INTERNAL = "INTERNAL"


class Case(NamedTuple):
    """A request to a model, and its reply (a message) or its refusal.

    ``model`` is a folder of ``models/<framework>``: a framework without it has no such case.
    ``details`` is the whole text of a refusal, or its beginning where it ends with ``…`` (what
    follows is in other people's words). ``settings`` are environment variables.
    """

    title: str
    model: str
    request: bytes
    reply: Any = None
    status: str = OK
    details: str = ""
    settings: Mapping[str, str] = {}
    method: str = PREDICT


def refused(title: str, model: str, request: bytes, details: str, status: str = INVALID) -> Case:
    """Return a case whose request is refused."""
    return Case(title, model, request, status=status, details=details)
