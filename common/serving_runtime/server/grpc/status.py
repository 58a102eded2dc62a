"""What gRPC says of a failure: its status, and one line of details.

A call that fails has a reason, and each transport has one table from reasons to its own statuses.
gRPC's is the one that the exceptions carry themselves, since ``errors.Status`` has its numbers: the
table is made from them, and a reply's ``status`` is its result, looked up once. HTTP will have a
table of its own, where what is one status here can be several.
"""

from typing import Dict, List, Type

import grpc

from serving_runtime import logs
from serving_runtime.errors import ServingError, Status, one_line
from serving_runtime.server.transport import Reply

logger = logs.get_logger(__name__)


def _by_reason() -> Dict[str, Status]:
    found: Dict[str, Status] = {}
    kinds: List[Type[ServingError]] = [ServingError]
    while kinds:
        kind = kinds.pop()
        found[kind.reason] = kind.status
        kinds += kind.__subclasses__()
    return found


BY_REASON = _by_reason()
CODES = {code.value[0]: code for code in grpc.StatusCode}

FAILED = Reply(Status.INTERNAL, "the service failed; its log has the reason", b"", "internal")
UNKNOWN_METHOD = Reply(Status.UNIMPLEMENTED, "there is no such method here", b"")
NO_REQUEST = Reply(Status.UNIMPLEMENTED, "the method takes one request, and none came", b"")


def failed(error: Exception) -> Reply:
    """Return the reply to a call that failed in the front.

    What is no ServingError is a bug of ours: the log has it, and the client learns no more.
    """
    if not isinstance(error, ServingError):
        logger.error("a call failed in the front", exc_info=error)
        return FAILED
    return Reply(BY_REASON[error.reason], str(error), b"", error.reason)


def details_of(reply: Reply) -> str:
    """Return a failed reply's details, at most as many as gRPC's clients take.

    They travel in a header: of a longer one the client would see nothing but RESOURCE_EXHAUSTED.
    """
    return one_line(reply.details)
