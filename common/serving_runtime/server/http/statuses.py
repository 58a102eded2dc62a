"""What HTTP says of a failure: the one table from the reason of an error to a status."""

from http import HTTPStatus
from typing import Dict

from serving_runtime.errors import Status
from serving_runtime.server.transport import Reply

BY_REASON: Dict[str, int] = {
    "internal": 500,
    "invalid_input": 400,
    "model_not_found": 404,
    "limit_exceeded": 429,
    "queue_full": 429,
    "request_too_large": 413,
    "memory_exhausted": 503,
    "deadline_unreachable": 429,
    "request_over_budget": 413,
    "reply_too_large": 500,
    "deadline_passed": 504,
    "not_available": 503,
    "not_authenticated": 401,
    "unimplemented": 501,
    "model_failed": 500,
    "poison_request": 500,
    "broken_result": 500,
}
# Where no reason is known.
BY_STATUS: Dict[Status, int] = {
    Status.OK: 200,
    Status.CANCELLED: 499,
    Status.INVALID_ARGUMENT: 400,
    Status.DEADLINE_EXCEEDED: 504,
    Status.NOT_FOUND: 404,
    Status.RESOURCE_EXHAUSTED: 429,
    Status.UNIMPLEMENTED: 501,
    Status.UNAVAILABLE: 503,
    Status.UNAUTHENTICATED: 401,
}
PHRASES: Dict[int, str] = {status.value: status.phrase for status in HTTPStatus}


def status_of(reply: Reply) -> int:
    """Return the status of a reply."""
    return BY_REASON.get(reply.reason) or BY_STATUS.get(reply.status, 500)
