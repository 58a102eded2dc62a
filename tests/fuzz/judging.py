"""Judge an answer by the rules that hold whatever was asked."""

from typing import Any, NamedTuple

from google.protobuf.message import DecodeError

from serving_runtime.errors import Status
from serving_runtime.operations import BY_GRPC_METHOD
from tests.fuzz import corpus
from tests.fuzz.corpus import Case

# The model cannot fail, and is always there: what else goes wrong is the request's fault.
STATUSES = (Status.OK, Status.INVALID_ARGUMENT, Status.RESOURCE_EXHAUSTED)
MAX_DETAIL_BYTES = 1024
_PREDICTIONS = (corpus.PREDICT, corpus.PREDICT_3, corpus.INFER)
# Other models, signatures without a form there, and timeouts in requests.
_MORE_STATUSES = {
    "health": ("NOT_FOUND",),
    "open_inference": ("NOT_FOUND", "UNIMPLEMENTED", "DEADLINE_EXCEEDED"),
    "tensorflow_serving": ("UNIMPLEMENTED",),
}


class Answer(NamedTuple):
    """What a caller receives: the name of the status, details, and the reply if it is OK."""

    status: str
    details: str
    payload: bytes = b""


def problem(case: Case, answer: Answer) -> str:
    """Return what is wrong with the answer, in few words; empty if nothing is."""
    if answer.status not in _allowed(case.method):
        return f"status {answer.status}"
    if not _is_short_line(answer.details):
        return "details are not one short line"
    if (answer.status == "OK") == bool(answer.details):
        return f"details do not go with {answer.status}"
    return _problem_of_reply(case, answer.payload) if answer.status == "OK" else ""


def kind(answer: Answer) -> str:
    """Return what became of a request, for counting: the status, and who refused it."""
    if answer.status != "INVALID_ARGUMENT":
        return answer.status
    by_parser = answer.details.startswith("not a ")
    return f"{answer.status} by the {'parser' if by_parser else 'checks'}"


def _is_short_line(details: str) -> bool:
    return not set("\n\r\0") & set(details) and len(details.encode()) <= MAX_DETAIL_BYTES


def _allowed(method: str) -> tuple[str, ...]:
    names = tuple(status.name for status in STATUSES)
    # The health protocol says so of a service that is not known.
    row = BY_GRPC_METHOD.get(method)
    return (*names, *_MORE_STATUSES.get(row.protocol, ())) if row else names


def _problem_of_reply(case: Case, payload: bytes) -> str:
    try:
        reply = corpus.reply_type(case.method).FromString(payload)
    except DecodeError:
        return "the reply cannot be parsed"
    if case.method == corpus.STREAM_INFER:
        return _problem_of_message(reply)
    if case.method in _PREDICTIONS and not reply.outputs:
        return "the reply has no outputs"
    return ""


def _problem_of_message(reply: Any) -> str:
    """A message of a stream has outputs, or says what is wrong."""
    if bool(reply.error_message) == bool(reply.infer_response.outputs):
        return "the message has neither outputs nor an error, or both"
    return "" if _is_short_line(reply.error_message) else "the error is not one short line"
